using System.Globalization;
using Tessera.Files;
using Tessera.Imaging;

namespace Tessera.Data.Stores;

/// <summary>
/// Data sets as they are handed round: files that hold many encoded images each, tar archives in the manner of
/// WebDataset and Parquet files. If the names of some begin with <c>train</c> and of others with <c>test</c> or
/// <c>val</c> (or those of their folders do), these are the splits; otherwise a tenth is held out, by a hash of the
/// images' names, as in a folder.
/// </summary>
internal abstract record ShardPackSource : PackSource
{
    // Of an IOException that a library throws; the system's have the system's number.
    private const int NoSystemError = unchecked((int)0x80131620);

    private readonly string _root;
    private readonly string[] _files;
    private readonly bool _hasSplits;
    private readonly long _length;
    private readonly ImageReader _reader;
    private long _before;

    /// <summary>Names the files.</summary>
    /// <param name="root">The folder that the files' names are relative to.</param>
    /// <param name="files">Their relative paths, with '/' as separator, in order.</param>
    /// <param name="size">The images' height and width.</param>
    /// <param name="channels">1 or 3.</param>
    protected ShardPackSource(string root, string[] files, ImageSize size, int channels)
        : base(root, size, channels)
    {
        (_root, _files) = (root, files);
        Split?[] named = Array.ConvertAll(files, NamedSplit);
        _hasSplits = named.Contains(Data.Split.Train) && named.Contains(Data.Split.Test);
        _length = files.Sum(file => new FileInfo(Path.Combine(root, file)).Length);
        _reader = new ImageReader([], size, channels);
    }

    public sealed override double? Fraction => (_before + Position) / (double)Math.Max(_length, 1);

    /// <summary>Bytes read of the file that is open.</summary>
    protected long Position { get; set; }

    public sealed override IEnumerable<PackEntry> Entries(CancellationToken cancellation)
    {
        _before = 0;
        foreach (string file in _files)
        {
            string path = Path.Combine(_root, file);
            Split? split = _hasSplits ? NamedSplit(file) ?? Data.Split.All : null;
            foreach (Sample sample in Samples(path))
            {
                cancellation.ThrowIfCancellationRequested();
                string name = sample.Key.Length > 0 ? $"{file}/{sample.Key}" : file, shown = $"{path}/{sample.Key}";
                yield return new PackEntry(
                    name, sample.ClassName ?? ImageFolder.Unlabelled,
                    split ?? (ImageFolder.IsHeldOut(name) ? Data.Split.Test : Data.Split.Train),
                    sample.Error is { } error ? () => throw error : () => _reader.Decode(sample.Image!, shown));
            }
            _before += new FileInfo(path).Length;
            Position = 0;
        }
    }

    /// <summary>Of numbered classes, the smaller numbers, so that a label is the number itself.</summary>
    public override IEnumerable<string> ClassesBefore(string className) =>
        ushort.TryParse(className, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)
            ? Enumerable.Range(0, number).Select(i => i.ToString(CultureInfo.InvariantCulture)) : [];

    /// <summary>
    /// The images of a file, in order. Where the file is damaged, the last one has an error and no key.
    /// </summary>
    protected abstract IEnumerable<Sample> Samples(string path);

    /// <summary>The error for a file of many images that cannot be read to its end.</summary>
    protected static InputException Damaged(string path, Exception cause) =>
        FileErrors.IsFileError(cause) && cause is not EndOfStreamException && cause.HResult != NoSystemError
            ? FileErrors.Reading(path, cause)
            : new InputException(
                $"{path}: it is damaged or cut short ({cause.Message.ReplaceLineEndings(" ").TrimEnd('.')}); "
                + "replace or remove it", cause);

    private static Split? NamedSplit(string file)
    {
        foreach (string part in file.Split('/').Reverse())
        {
            if (part.StartsWith("train", StringComparison.OrdinalIgnoreCase)) return Data.Split.Train;
            if (part.StartsWith("test", StringComparison.OrdinalIgnoreCase)
                || part.StartsWith("val", StringComparison.OrdinalIgnoreCase))
                return Data.Split.Test;
        }
        return null;
    }
}

/// <summary>An encoded image in a file of many.</summary>
/// <param name="Key">What tells it from the others of the file.</param>
/// <param name="ClassName">Its class; null if the file does not say.</param>
/// <param name="Image">The bytes of an image file; null if there is an error.</param>
/// <param name="Error">Why it cannot be read.</param>
internal sealed record Sample(string Key, string? ClassName, byte[]? Image, InputException? Error = null);
