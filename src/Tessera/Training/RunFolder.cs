using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Tessera.Data;
using Tessera.Files;

namespace Tessera.Training;

/// <summary>
/// The folder of a training run: <c>config.json</c>, <c>metrics.csv</c>, <c>series.csv</c>, <c>eval.csv</c>,
/// <c>model.safetensors</c> (the newest weights), <c>checkpoints/UPDATE/</c> and, if damaged images were skipped,
/// <c>skipped.txt</c>.
/// </summary>
public sealed class RunFolder
{
    private const string ConfigName = "config.json", CheckpointsName = "checkpoints";

    /// <summary>The name of the option that continues a run.</summary>
    internal const string ResumeOption = "resume";

    private RunFolder(string path, TrainingOptions options)
    {
        Path = path;
        Options = options;
    }

    /// <summary>The full path of the folder.</summary>
    public string Path { get; }

    /// <summary>The options of the run, as in <c>config.json</c>.</summary>
    public TrainingOptions Options { get; }

    /// <summary>The path of the newest weights.</summary>
    public string ModelPath => System.IO.Path.Combine(Path, Checkpoint.ModelName);

    /// <summary>The path of <c>metrics.csv</c>: means over every 100 updates.</summary>
    public string MetricsPath => System.IO.Path.Combine(Path, "metrics.csv");

    /// <summary>The path of <c>series.csv</c>: the losses of every update (<see cref="TrainingSeries"/>).</summary>
    public string SeriesPath => System.IO.Path.Combine(Path, "series.csv");

    /// <summary>The path of <c>eval.csv</c>: the evaluations.</summary>
    public string EvalPath => System.IO.Path.Combine(Path, "eval.csv");

    /// <summary>The path of <c>skipped.txt</c>: the names of the damaged images that the run skips.</summary>
    public string SkippedPath => System.IO.Path.Combine(Path, "skipped.txt");

    /// <summary>The path of the folder of checkpoints.</summary>
    public string CheckpointsPath => System.IO.Path.Combine(Path, CheckpointsName);

    /// <summary>The version of the program, as written to <c>config.json</c>.</summary>
    public static string Version { get; } =
        typeof(RunFolder).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>Creates the folder of a new run. An existing run is never overwritten.</summary>
    /// <param name="path">The folder; missing parent folders are created.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="skipped">The names of the images that the run skips; null for none.</param>
    /// <exception cref="InputException">
    /// The path is taken, an option is out of range, or the folder cannot be written.
    /// </exception>
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
        // If several processes choose the same folder at the same time, only one gets it.
        using var alone = new FolderLock(full);
        CheckFree(path);
        if (skipped is { Count: > 0 }) SkippedFile.Write(run.SkippedPath, skipped);
        run.WriteConfig();
        return run;
    }

    /// <summary>Checks early that a new run can use a folder: it does not exist, or is empty.</summary>
    /// <exception cref="InputException">The path is a file, or a folder that is not empty.</exception>
    public static void CheckFree(string path)
    {
        string full = FileErrors.FolderPath(path);
        if (!Directory.Exists(full)) return;
        // Leftovers of a killed process do not count.
        if (FileErrors.List(full, folder => folder.EnumerateFileSystemInfos())
            .Any(entry => entry.Name != FolderLock.Name && !Temporary.IsStale(entry.Name)))
            throw Taken(path);
    }

    private static InputException Taken(string path) =>
        new($"{path} exists already; resume the run in it, or choose another folder") { Option = ResumeOption };

    /// <summary>Opens the folder of an existing run.</summary>
    /// <exception cref="InputException">
    /// The folder does not exist, or its <c>config.json</c> is missing or damaged.
    /// </exception>
    public static RunFolder Open(string path)
    {
        string full = FileErrors.FolderPath(path);
        if (!Directory.Exists(full))
            throw new InputException($"there is no run folder {path}; check the path, or start a new run")
            { Option = "out" };
        if (!IsRun(full))
            throw new InputException($"{path} is not a run folder: it has no {ConfigName}; check the path");
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

    /// <summary>Whether a folder is a run folder: whether it has a <c>config.json</c>.</summary>
    public static bool IsRun(string path) => File.Exists(System.IO.Path.Combine(path, ConfigName));

    /// <summary>Reads the names of the skipped images; a resumed run skips the same ones.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public IReadOnlyList<string> ReadSkipped() => SkippedFile.Read(SkippedPath);

    /// <summary>Replaces the options of the run, in <c>config.json</c> too.</summary>
    /// <exception cref="InputException">An option is out of range, or the file cannot be written.</exception>
    public RunFolder WithOptions(TrainingOptions options)
    {
        options.Validate();
        var run = new RunFolder(Path, options);
        if (options != Options) run.WriteConfig();
        return run;
    }

    /// <summary>The checkpoints of the run, oldest first.</summary>
    /// <exception cref="InputException">The folder of checkpoints cannot be listed.</exception>
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

    /// <summary>The newest checkpoint; null before the first.</summary>
    public Checkpoint? LatestCheckpoint() => Checkpoints() is [.., var latest] ? latest : null;

    /// <summary>The checkpoint of an update, whether or not it exists yet.</summary>
    public Checkpoint CheckpointOf(long update) => new(
        System.IO.Path.Combine(CheckpointsPath, update.ToString(CultureInfo.InvariantCulture)), update);

    /// <summary>
    /// The last row of <c>eval.csv</c> as pairs of column and value; null before the first evaluation.
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

    /// <summary>Checks that the folder still exists, so that nothing is written to the path of a moved run.</summary>
    /// <exception cref="InputException">The folder was moved or removed.</exception>
    internal void CheckPresent()
    {
        if (!IsRun(Path))
            throw new InputException(
                $"{Path} was moved or removed during the run; if it was moved, resume it there")
            { Option = ResumeOption };
    }

    /// <summary>Removes the temporary files and folders of killed processes.</summary>
    public void CleanUp()
    {
        AtomicFolder.CleanUp(Path);
        if (Directory.Exists(CheckpointsPath)) AtomicFolder.CleanUp(CheckpointsPath);
    }

    private void WriteConfig() => AtomicFile.Write(System.IO.Path.Combine(Path, ConfigName), stream =>
        JsonSerializer.Serialize(stream, new RunConfig(Version, Options), RunJson.Default.RunConfig));
}
