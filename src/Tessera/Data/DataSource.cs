using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>Finds the pictures that <c>--data</c> names: <c>shapes</c>, <c>cifar10</c> or a folder.</summary>
public static class DataSource
{
    /// <summary>Loads a split into memory.</summary>
    /// <param name="data"><c>shapes</c>, <c>cifar10</c> or the path of a folder of pictures.</param>
    /// <param name="dataDir">The folder to search first for CIFAR-10; null for the default folders only.</param>
    /// <param name="split">The split to load.</param>
    /// <param name="size">Height and width of the pictures; CIFAR-10 images are always 32x32.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue); colour pictures are converted to grey for 1.</param>
    /// <param name="progress">Receives the number of pictures read so far.</param>
    /// <param name="cancellation">Stops loading.</param>
    /// <exception cref="InputException">The pictures are missing, damaged or unusable.</exception>
    public static ImageSet Load(
        string data, string? dataDir, Split split, PictureSize size, int channels,
        IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        Open(data, dataDir, split, size, channels, cancellation).Load(progress, cancellation);

    /// <summary>Opens a split. Its pictures are read or rendered on demand (those of CIFAR-10 are in memory).</summary>
    /// <inheritdoc cref="Load"/>
    public static PictureSource Open(
        string data, string? dataDir, Split split, PictureSize size, int channels,
        CancellationToken cancellation = default)
    {
        PictureSource pictures = data switch
        {
            Shapes.Name => Shapes.Open(split, size),
            Cifar10.Name => LoadCifar10(dataDir, split, size).AsSource(),
            _ => ImageFolder.Open(data, split, size, channels, cancellation),
        };
        return pictures.ToChannels(channels);
    }

    private static ImageSet LoadCifar10(string? dataDir, Split split, PictureSize size)
    {
        if (size != PictureSize.Native && size != Cifar10.Size)
            throw new InputException($"CIFAR-10's pictures are 32x32; leave out --size {size}");
        DataSearch search = Cifar10.Find(dataDir);
        return Cifar10.Load(
            search.Folder ?? throw new InputException(
                $"there is no CIFAR-10 in {string.Join(" or ", search.Places)}; fetch it with tessera data cifar10, "
                + "or name its folder with --data-dir"),
            split);
    }
}
