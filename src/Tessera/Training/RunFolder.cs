using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Tessera.Data;
using Tessera.Files;

namespace Tessera.Training;

/// <summary>
/// The folder of a training run: <c>config.json</c>, <c>metrics.csv</c>, <c>series.csv</c>, <c>eval.csv</c>,
/// <c>model.safetensors</c> (the newest weights) and <c>checkpoints/UPDATE/</c>; <c>skipped.txt</c> if damaged pictures were
/// left out.
/// </summary>
public sealed class RunFolder
{
    private const string ConfigName = "config.json", CheckpointsName = "checkpoints";

    private RunFolder(string path, TrainingOptions options)
    {
        Path = path;
        Options = options;
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>What the run was started with.</summary>
    public TrainingOptions Options { get; }

    /// <summary>The newest weights.</summary>
    public string ModelPath => System.IO.Path.Combine(Path, Checkpoint.ModelName);

    /// <summary>Means over every 100 updates.</summary>
    public string MetricsPath => System.IO.Path.Combine(Path, "metrics.csv");

    /// <summary>The losses of every update: see <see cref="TrainingSeries"/>.</summary>
    public string SeriesPath => System.IO.Path.Combine(Path, "series.csv");

    /// <summary>The evaluations.</summary>
    public string EvalPath => System.IO.Path.Combine(Path, "eval.csv");

    /// <summary>The names of the pictures that the run was started without, because they could not be read.</summary>
    public string SkippedPath => System.IO.Path.Combine(Path, "skipped.txt");

    /// <summary>The folder of checkpoints.</summary>
    public string CheckpointsPath => System.IO.Path.Combine(Path, CheckpointsName);

    /// <summary>The version of the program, as it is written to <c>config.json</c>.</summary>
    public static string Version { get; } =
        typeof(RunFolder).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>Starts a run folder. One that exists is never overwritten.</summary>
    /// <param name="path">Where; folders above are created.</param>
    /// <param name="options">What the run is started with.</param>
    /// <param name="skipped">The names of the pictures that it does without; null for none.</param>
    /// <exception cref="InputException">There is something already, an option is wrong, or it cannot be written.</exception>
    public static RunFolder Create(string path, TrainingOptions options, IReadOnlyList<string>? skipped = null)
    {
        options.Validate();
        CheckFree(path);
        string full = FileErrors.FolderPath(path);
        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(path, e);
        }
        var run = new RunFolder(full, options);
        // Of several processes that choose the same folder at the same moment, one gets it.
        using var alone = new FolderLock(full);
        CheckFree(path);
        if (skipped is { Count: > 0 }) SkippedFile.Write(run.SkippedPath, skipped);
        run.WriteConfig();
        return run;
    }

    /// <summary>Checks that a run can get this folder, before time is spent on anything else.</summary>
    /// <exception cref="InputException">There is something already: a file, or a folder with something in it.</exception>
    public static void CheckFree(string path)
    {
        string full = FileErrors.FolderPath(path);
        if (!Directory.Exists(full)) return;
        // What a process that was killed at once has left is nothing.
        if (FileErrors.List(full, folder => folder.EnumerateFileSystemInfos())
            .Any(entry => entry.Name != FolderLock.Name && !Temporary.IsStale(entry.Name)))
            throw Taken(path);
    }

    private static InputException Taken(string path) =>
        new($"{path} exists already; continue it with --resume, or choose another folder with --out");

    /// <summary>Opens the folder of a run.</summary>
    /// <exception cref="InputException">There is none, or its <c>config.json</c> is missing or damaged.</exception>
    public static RunFolder Open(string path)
    {
        string full = FileErrors.FolderPath(path);
        if (!Directory.Exists(full)) throw new InputException($"there is no run folder {path}; start one with tessera train --out {path}");
        if (!IsRun(full)) throw new InputException($"{path} is no run folder: it has no {ConfigName}; check the path");
        string config = System.IO.Path.Combine(full, ConfigName);
        TrainingOptions options = RunJson.Read(config, RunJson.Default.RunConfig).Options;
        try
        {
            options.Validate();
        }
        catch (InputException e)
        {
            throw new InputException($"{config} is damaged: {e.Message}", e);
        }
        return new RunFolder(full, options);
    }

    /// <summary>Whether a folder looks like that of a run.</summary>
    public static bool IsRun(string path) => File.Exists(System.IO.Path.Combine(path, ConfigName));

    /// <summary>The names of the pictures that the run does without: a resumed run leaves out the same.</summary>
    /// <exception cref="InputException">They cannot be read.</exception>
    public IReadOnlyList<string> ReadSkipped() => SkippedFile.Read(SkippedPath);

    /// <summary>The same run with other options, written to <c>config.json</c>.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public RunFolder WithOptions(TrainingOptions options)
    {
        options.Validate();
        var run = new RunFolder(Path, options);
        if (options != Options) run.WriteConfig();
        return run;
    }

    /// <summary>The checkpoints there are, oldest first.</summary>
    /// <exception cref="InputException">Their folder cannot be read.</exception>
    public IReadOnlyList<Checkpoint> Checkpoints()
    {
        if (!Directory.Exists(CheckpointsPath)) return [];
        return
        [
            .. FileErrors.List(CheckpointsPath, folder => folder.EnumerateDirectories())
                .Where(entry => long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .Select(entry => new Checkpoint(entry.FullName, long.Parse(entry.Name, CultureInfo.InvariantCulture)))
                .OrderBy(checkpoint => checkpoint.Update),
        ];
    }

    /// <summary>The newest checkpoint, or null before the first.</summary>
    public Checkpoint? LatestCheckpoint() => Checkpoints() is [.., var latest] ? latest : null;

    /// <summary>Where the checkpoint of an update is or will be.</summary>
    public Checkpoint CheckpointOf(long update) => new(
        System.IO.Path.Combine(CheckpointsPath, update.ToString(CultureInfo.InvariantCulture)), update);

    /// <summary>
    /// The newest row of <c>eval.csv</c>, each value with its column's name; null before the first evaluation.
    /// </summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public IReadOnlyList<(string Column, string Value)>? LastEvaluation()
    {
        if (!File.Exists(EvalPath)) return null;
        try
        {
            string[] lines = File.ReadAllLines(EvalPath);
            return lines.Length < 2 ? null : [.. lines[0].Split(',').Zip(lines[^1].Split(','))];
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(EvalPath, e);
        }
    }

    /// <summary>Checks that the folder is where it was, before more is written to a place that nobody would look at.</summary>
    /// <exception cref="InputException">It was moved or removed.</exception>
    internal void CheckPresent()
    {
        if (!IsRun(Path))
            throw new InputException(
                $"{Path} was moved or removed while its run went on; if it was moved, continue it with --resume from its new place");
    }

    /// <summary>Removes what a run that was killed left half-written.</summary>
    public void CleanUp()
    {
        AtomicFolder.CleanUp(Path);
        if (Directory.Exists(CheckpointsPath)) AtomicFolder.CleanUp(CheckpointsPath);
    }

    private void WriteConfig() => AtomicFile.Write(System.IO.Path.Combine(Path, ConfigName), stream =>
        JsonSerializer.Serialize(stream, new RunConfig(Version, Options), RunJson.Default.RunConfig));
}
