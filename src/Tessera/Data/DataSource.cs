using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>Finds the pictures that <c>--data</c> names: <c>shapes</c>, <c>cifar10</c> or a folder.</summary>
public static class DataSource
{
    /// <summary>Loads a split into memory.</summary>
    /// <param name="data"><c>shapes</c>, <c>cifar10</c> or the path of a folder of pictures.</param>
    /// <param name="dataDir">Where to look for CIFAR-10 first; null for the usual places.</param>
    /// <param name="split">Which pictures.</param>
    /// <param name="size">Height and width of the pictures; CIFAR-10 is 32x32 always.</param>
    /// <param name="channels">1 or 3; CIFAR-10 and Shapes are brought to grey for 1.</param>
    /// <param name="progress">Told the number of pictures that have been read.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">The pictures are not there, damaged, or of no use.</exception>
    public static ImageSet Load(
        string data, string? dataDir, Split split, PictureSize size, int channels,
        IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        Open(data, dataDir, split, size, channels, cancellation).Load(progress, cancellation);

    /// <summary>Finds a split; its pictures are read or made when they are asked for (CIFAR-10's are in memory).</summary>
    /// <inheritdoc cref="Load"/>
    public static PictureSource Open(
        string data, string? dataDir, Split split, PictureSize size, int channels, CancellationToken cancellation = default)
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
