using Tessera.Data.Stores;
using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>Finds images by the name of their data: <c>shapes</c>, <c>cifar10</c>, a store or a folder.</summary>
public static class DataSource
{
    /// <summary>Loads a split into memory.</summary>
    /// <param name="data">
    /// <c>shapes</c>, <c>cifar10</c>, the path of a folder of images or of an <see cref="ImageStore"/>.
    /// </param>
    /// <param name="dataDir">The folder to search first for CIFAR-10; null for the default folders only.</param>
    /// <param name="split">The split to load.</param>
    /// <param name="size">Height and width of the images; CIFAR-10's and a store's are fixed.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue); colour images are converted to grey for 1.</param>
    /// <param name="progress">Receives the number of images read so far.</param>
    /// <param name="cancellation">Stops loading.</param>
    /// <exception cref="InputException">The images are missing, damaged or unusable.</exception>
    public static ImageSet Load(
        string data, string? dataDir, Split split, ImageSize size, int channels,
        IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        Open(data, dataDir, split, size, channels, cancellation).Load(progress, cancellation);

    /// <summary>Opens a split. Its images are read or rendered on demand (those of CIFAR-10 are in memory).</summary>
    /// <inheritdoc cref="Load"/>
    public static ImageSource Open(
        string data, string? dataDir, Split split, ImageSize size, int channels,
        CancellationToken cancellation = default)
    {
        ImageSource images = data switch
        {
            SyntheticShapes.Name => SyntheticShapes.Open(split, size),
            Cifar10.Name => LoadCifar10(dataDir, split, size).AsSource(),
            _ when ImageStore.IsStore(data) => OpenStore(data, split, size),
            _ => ImageFolder.Open(data, split, size, channels, cancellation),
        };
        return images.ToChannels(channels);
    }

    /// <summary>The size of the images, where it is fixed: CIFAR-10's and a store's; else null.</summary>
    /// <param name="data">As for <see cref="Load"/>.</param>
    /// <exception cref="InputException">The store cannot be read.</exception>
    public static ImageSize? FixedSize(string data)
    {
        if (data == Cifar10.Name) return Cifar10.Size;
        if (!ImageStore.IsStore(data)) return null;
        using ImageStore store = ImageStore.Open(data);
        return store.Size;
    }

    private static ImageSource OpenStore(string path, Split split, ImageSize size)
    {
        ImageStore store = ImageStore.Open(path);
        if (!size.IsNative && size != store.Size)
        {
            store.Dispose();
            throw new InputException(
                $"{path} holds images of {store.Size}, not {size}; leave the size out, or pack the images again")
            { Option = nameof(size), Value = $"{size}" };
        }
        return store.Images(split);
    }

    private static ImageSet LoadCifar10(string? dataDir, Split split, ImageSize size)
    {
        if (!size.IsNative && size != Cifar10.Size)
            throw new InputException($"CIFAR-10's images are 32x32, not {size}; leave the size out")
            { Option = nameof(size), Value = $"{size}" };
        DataSearch search = Cifar10.Find(dataDir);
        return Cifar10.Load(
            search.Folder ?? throw new DataSetException(
                $"there is no CIFAR-10 in {string.Join(" or ", search.Places)}; name its folder, or download it"),
            split);
    }
}
