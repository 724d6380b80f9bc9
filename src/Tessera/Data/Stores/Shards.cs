using System.Globalization;
using Tessera.Files;
using Tessera.Imaging;
using Tessera.Tensors.IO;
using static System.FormattableString;

namespace Tessera.Data.Stores;

/// <summary>
/// Data sets as they are handed round: files that hold many encoded images each, tar archives in the manner of
/// WebDataset and Parquet files. Those whose name, or that of a folder of theirs, begins with <c>test</c> or
/// <c>val</c> are the test split. With them, those that begin with <c>train</c> are the training split, and others in
/// neither. Of files without such a name, and of training files without a test file beside them, a tenth is held out,
/// by a hash of the images' names, as in a folder.
/// </summary>
internal abstract record ShardPackSource : PackSource
{
    // Of an IOException that a library throws; the system's have the system's number.
    private const int NoSystemError = unchecked((int)0x80131620);

    private readonly string _root;
    private readonly string[] _files;
    private readonly bool _hasTest, _hasSplits;
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
        _hasTest = named.Contains(Data.Split.Test);
        _hasSplits = _hasTest && named.Contains(Data.Split.Train);
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
            Split? split = SplitOf(file);
            foreach (Sample sample in Samples(path))
            {
                cancellation.ThrowIfCancellationRequested();
                string name = sample.Key.Length > 0 ? $"{file}/{sample.Key}" : file, shown = $"{path}/{sample.Key}";
                yield return new PackEntry(
                    name, sample.Class?.Name ?? ImageFolder.Unlabelled,
                    split ?? (ImageFolder.IsHeldOut(name) ? Data.Split.Test : Data.Split.Train),
                    sample.Error is { } error ? () => throw error : () => _reader.Decode(sample.Image!, shown))
                {
                    ClassesBefore = sample.Class?.Before,
                    Held = sample.Image?.Length ?? 0,
                };
            }
            _before += new FileInfo(path).Length;
            Position = 0;
        }
    }

    public sealed override string? Splits => string.Join("; ", _files.GroupBy(SplitOf).Select(group =>
    {
        int more = group.Count() - 1;
        return Printable.OneLine(group.First()) + (more > 0 ? Invariant($" and {more} more") : "") + group.Key switch
        {
            Data.Split.Train => ": to train on",
            Data.Split.Test => ": to test on",
            null => ": a tenth to test on, by a hash of the images' names",
            _ => ": in neither split",
        };
    }));

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

    /// <summary>The split that a file is; null where a hash chooses for each image.</summary>
    private Split? SplitOf(string file) => NamedSplit(file) switch
    {
        Data.Split.Test => Data.Split.Test,
        { } train when _hasTest => train,
        null when _hasSplits => Data.Split.All,
        _ => null,
    };

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
/// <param name="Class">Its class; null if the file does not say.</param>
/// <param name="Image">The bytes of an image file; null if there is an error.</param>
/// <param name="Error">Why it cannot be read.</param>
internal sealed record Sample(string Key, SampleClass? Class, byte[]? Image, InputException? Error = null);

/// <summary>A class, as a file of many images states it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Before">
/// Of a class that is a number: those of the smaller numbers, which come first, so that its label is the number.
/// </param>
internal sealed record SampleClass(string Name, IEnumerable<string> Before)
{
    /// <summary>A class that is a name, whatever its characters are.</summary>
    public static SampleClass Named(string name) => new(name, []);

    /// <summary>A class that is a number.</summary>
    /// <param name="number">At least 0.</param>
    /// <param name="names">The names of the first numbers; the others are their own names.</param>
    public static SampleClass Numbered(long number, IReadOnlyList<string> names)
    {
        bool isLabel = number <= Math.Max(names.Count, ushort.MaxValue);
        return new SampleClass(NameOf(number), isLabel ? Enumerable.Range(0, (int)number).Select(i => NameOf(i)) : []);

        string NameOf(long i) => i < names.Count ? names[(int)i] : i.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>A class that is a number if its text is one as it is usually written: 12, but not 012.</summary>
    public static SampleClass Parse(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
        && number.ToString(CultureInfo.InvariantCulture) == text ? Numbered(number, []) : Named(text);
}
