using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Imaging;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Benchmarks.Soak;

/// <summary>Work that is interrupted, continued, and compared with the same work that was not interrupted.</summary>
/// <param name="name">The name in the table.</param>
/// <param name="program">The program: its file, or its .dll for dotnet.</param>
internal abstract class Job(string name, string program)
{
    public string Name => name;

    protected IReadOnlyList<string> Program => program.EndsWith(".dll", StringComparison.Ordinal)
        ? ["dotnet", program] : [program];

    /// <summary>The command that does the work, or continues it where it has begun.</summary>
    public abstract IReadOnlyList<string> Command(string place);

    /// <summary>How far the work is, in words.</summary>
    /// <exception cref="InputException">What is there is damaged.</exception>
    public abstract string StateOf(string place);

    /// <summary>The first difference from the result of uninterrupted work; null if there is none.</summary>
    public abstract string? Difference(string reference, string place);

    /// <summary>Whether a file is being written: a temporary one is there.</summary>
    public abstract bool IsWriting(string place);

    /// <summary>A file or folder that a process has left, which is there only while another is written.</summary>
    protected static bool HasTemporary(string folder)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(folder, ".tessera-*").Any();
        }
        catch (IOException)
        {
            return false;
        }
    }
}

/// <summary>Training of a tiny tokenizer.</summary>
internal sealed class TrainingJob : Job
{
    private const int Updates = 120;

    private static readonly string[] Timed = ["images_per_second", "seconds"];

    private readonly string _data;
    private readonly int _ranks;

    /// <summary>Names the work.</summary>
    /// <param name="name">The name in the table.</param>
    /// <param name="program">The program.</param>
    /// <param name="data">The folder of images.</param>
    /// <param name="ranks">Processes that train together.</param>
    public TrainingJob(string name, string program, string data, int ranks) : base(name, program) =>
        (_data, _ranks) = (data, ranks);

    public override IReadOnlyList<string> Command(string place) =>
    [
        .. _ranks == 1
            ? (string[])[]
            : ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", $"{_ranks}"],
        .. Program, "train", "--out", place,
        .. RunFolder.IsRun(place)
            ? (string[])["--resume"]
            :
            [
                "--data", _data, "--size", "32", "--batch", "16", "--hidden", "16", "--residual-hidden", "8",
                "--codes", "64", "--code-dim", "8", "--updates", $"{Updates}", "--checkpoint-every", "5",
                "--eval-every", "20", "--threads", "1", "--seed", "5",
            ],
    ];

    public override string StateOf(string place)
    {
        if (!RunFolder.IsRun(place)) return "before the run began";
        var run = TokenizerRun.Open(place);
        Checkpoint? newest = run.LatestCheckpoint();
        // It loads, whenever the process was ended.
        if (newest is not null) TrainedModel.Open(newest.Path).Dispose();
        if (IsWriting(place)) return "while a file was written";
        return newest is null ? "before the first checkpoint"
            : newest.Update == Updates ? "after the last checkpoint, in the report" : "between checkpoints";
    }

    public override bool IsWriting(string place) =>
        HasTemporary(place) || HasTemporary(Path.Combine(place, "checkpoints"))
        || HasTemporary(Path.Combine(place, "snapshots"));

    public override string? Difference(string reference, string place)
    {
        string[] expected = Names(reference), found = Names(place);
        if (expected.Except(found).Concat(found.Except(expected)).FirstOrDefault() is { } name)
            return $"{name} is only in one of them";
        return expected.FirstOrDefault(file => !Content(reference, file).SequenceEqual(Content(place, file)));
    }

    private static string[] Names(string run) =>
    [
        .. Directory.GetFiles(run, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(run, path))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>What does not depend on time.</summary>
    private static byte[] Content(string run, string file)
    {
        string path = Path.Combine(run, file);
        // It states how long the training took.
        if (file.StartsWith("report", StringComparison.Ordinal)) return [];
        if (file != "metrics.csv") return File.ReadAllBytes(path);
        string[][] rows = [.. File.ReadAllLines(path).Select(line => line.Split(','))];
        return System.Text.Encoding.UTF8.GetBytes(string.Join('\n', rows.Select(row => string.Join(
            ',', row.Where((_, i) => !Timed.Contains(rows[0][i]))))));
    }
}

/// <summary>Packing of a folder of images into a store of several blocks.</summary>
internal sealed class PackingJob(string name, string program, string data) : Job(name, program)
{
    private const int Size = 160;

    public override IReadOnlyList<string> Command(string place) =>
        [.. Program, "data", "pack", data, "--size", $"{Size}", "--out", FileOf(place)];

    public override string StateOf(string place)
    {
        if (!File.Exists(FileOf(place))) return "before the file was made";
        if (new FileInfo(FileOf(place)).Length == 0) return "before the first page";
        using ImageStore store = ImageStore.Open(FileOf(place));
        store.Verify();
        return store.IsComplete ? "after the last block" : store.Count == 0 ? "in the first block"
            : "in a later block";
    }

    public override bool IsWriting(string place) => HasTemporary(place);

    public override string? Difference(string reference, string place) =>
        // A kill may leave a hidden file beside an output file (docs/formats.md).
        Directory.GetFiles(place).Any(file => Path.GetFileName(file)[0] != '.' && file != FileOf(place))
            ? "there are other files"
        : File.ReadAllBytes(FileOf(reference)).AsSpan().SequenceEqual(File.ReadAllBytes(FileOf(place)))
            ? null : "images.tpk";

    private static string FileOf(string place) =>
        Path.Combine(Directory.CreateDirectory(place).FullName, "images.tpk");
}

/// <summary>The images of the jobs.</summary>
internal static class JobImages
{
    private const int Classes = 4;

    /// <summary>Writes a folder of generated images.</summary>
    public static string Write(string folder, int count, int side)
    {
        for (int i = 0; i < Classes; i++) Directory.CreateDirectory(Path.Combine(folder, $"class{i}"));
        Parallel.For(0, count, i => ImageFile.WritePng(
            Path.Combine(folder, $"class{i % Classes}", $"{i:00000}.png"), SyntheticShapes.Image(i, side)));
        return folder;
    }
}
