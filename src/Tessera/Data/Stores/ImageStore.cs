using System.Globalization;
using Tessera.Imaging;

namespace Tessera.Data.Stores;

/// <summary>
/// A file of decoded images of one size with their names, classes and splits (<c>.tpk</c>). Training reads each image
/// from it when it is needed, so a set may be larger than memory. <see cref="ImagePacker"/> writes it;
/// docs/formats.md describes it.
/// </summary>
/// <example><code>
/// ImageStore store = ImageStore.Open("pictures.tpk");
/// ImageSet train = store.Images(Split.Train).Load();   // reads no image yet
/// byte[] first = train.Image(0).Pixels;
/// </code></example>
public sealed class ImageStore : IDisposable
{
    private readonly StoreFile _file;
    private readonly StoreLayout _layout;

    private ImageStore(StoreFile file) => (_file, _layout) = (file, StoreLayout.Read(file));

    /// <summary>The path of the file.</summary>
    public string Path => _file.Path;

    /// <summary>Height and width of every image.</summary>
    public ImageSize Size => _layout.Header.Size;

    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    public int Channels => _layout.Header.Channels;

    /// <summary>Number of images.</summary>
    public int Count => _layout.Commit.Images;

    /// <summary>The class names.</summary>
    public IReadOnlyList<string> ClassNames => _layout.Classes;

    /// <summary>The images that could not be read when they were packed, each with the reason.</summary>
    public IReadOnlyList<(string Name, string Reason)> LeftOut => _layout.LeftOut;

    /// <summary>Whether packing came to its end; if not, pack the same images again to add the rest.</summary>
    public bool IsComplete => _layout.Commit.IsComplete;

    /// <summary>Bytes of the file.</summary>
    public long Length => _file.Length;

    /// <summary>The fingerprint of the files that a cached store was made of; else 0.</summary>
    internal UInt128 Fingerprint => _layout.Header.Fingerprint;

    /// <summary>Whether a name is that of a store: it ends with <c>.tpk</c>.</summary>
    public static bool IsStore(string path) =>
        path.EndsWith(StoreFormat.Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Opens a store. None can be added to it while it or one of its sources and sets is in use.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">It cannot be read, is no store, is damaged, or is being written.</exception>
    public static ImageStore Open(string path)
    {
        StoreFile file = StoreFile.Open(path);
        try
        {
            return new ImageStore(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Number of images of a split.</summary>
    /// <exception cref="InputException">The store is damaged.</exception>
    public int CountOf(Split split)
    {
        if (split == Split.All) return Count;
        int count = 0;
        byte[] buffer = [];
        foreach (StoreBlock block in _layout.Blocks)
        {
            BlockTables tables = _layout.ReadTables(block, ref buffer);
            for (int i = 0; i < block.Count; i++) count += tables.Split(i) == split ? 1 : 0;
        }
        return count;
    }

    /// <summary>
    /// The images of a split, in the order in which they were packed. Their pixels stay in the file until they are
    /// read; each is compared with its checksum then.
    /// </summary>
    /// <param name="split">The split; <see cref="Split.All"/> for every image.</param>
    /// <exception cref="InputException">The split is empty, or the store is damaged.</exception>
    public ImageSource Images(Split split) => Images(split, Path, Note());

    /// <summary>As <see cref="Images(Split)"/>, with the name of its origin, and a note for the user.</summary>
    internal ImageSource Images(Split split, string name, string? note)
    {
        int count = CountOf(split);
        if (count == 0) throw Empty(split, name);
        int[] numbers = new int[count], labels = new int[count];
        uint[] checksums = new uint[count];
        long[] histogram = new long[256];
        byte[] buffer = [];
        int at = 0;
        foreach (StoreBlock block in _layout.Blocks)
        {
            BlockTables tables = _layout.ReadTables(block, ref buffer);
            tables.AddHistogram(histogram);
            for (int i = 0; i < block.Count; i++)
            {
                if (split != Split.All && tables.Split(i) != split) continue;
                (numbers[at], labels[at], checksums[at]) = (block.First + i, tables.Label(i), tables.Checksum(i));
                at++;
            }
        }
        var pixels = new StoredPixels(_file, _layout, numbers, checksums)
        {
            KnownHistogram = split == Split.Train ? histogram : null,
        };
        return new ImageSource(
            SplitNames.NameOf(name, split), Size, Channels, labels, ClassNames, pixels.Read,
            new StoredNames(_layout, numbers))
        { Pixels = pixels, LeftAlone = note };
    }

    /// <summary>Compares everything with its checksum.</summary>
    /// <param name="progress">Receives the number of images compared so far.</param>
    /// <param name="cancellation">Stops it between blocks.</param>
    /// <exception cref="InputException">Something is damaged; the message names the first such image.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Verify(IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        // Packing ends with two commits; in between, a power cut may spoil the older one.
        if (IsComplete && (StoreLayout.ReadCommit(_file, 1) is null || StoreLayout.ReadCommit(_file, 2) is null))
            throw _file.Damaged("its record of commits");
        int length = _layout.Header.ImageLength;
        byte[] buffer = [], pixels = new byte[length];
        foreach (StoreBlock block in _layout.Blocks)
        {
            cancellation.ThrowIfCancellationRequested();
            BlockTables tables = _layout.ReadTables(block, ref buffer);
            List<string> names = _layout.ReadNames(block);
            for (int i = 0; i < block.Count; i++)
            {
                _file.Read(block.PixelsAt + (long)i * length, pixels);
                if (StoreFormat.Checksum(pixels) != tables.Checksum(i))
                    throw _file.Damaged($"image {block.First + i} ({names[i]})");
            }
            progress?.Report(block.First + block.Count);
        }
    }

    /// <summary>The names of all images, block by block.</summary>
    internal IEnumerable<string> Names() => _layout.Blocks.SelectMany(_layout.ReadNames);

    /// <summary>Closes the file; its images can no longer be read.</summary>
    public void Dispose() => _file.Dispose();

    private string? Note() => (IsComplete, LeftOut.Count) switch
    {
        (false, _) => "packing it did not come to its end; pack the same images again to add the rest",
        (_, 0) => null,
        (_, 1) => "1 image was left out when it was packed, because it could not be read",
        var (_, count) => string.Create(
            CultureInfo.InvariantCulture,
            $"{count} images were left out when it was packed, because they could not be read"),
    };

    private InputException Empty(Split split, string name) => Count == 0
        ? new InputException($"{name} holds no images; pack some into it")
        : new InputException($"{name} has no images in the {split.Name()} split ({Count} in all); add some to it")
        { Option = nameof(split), Value = Split.All.Name() };
}
