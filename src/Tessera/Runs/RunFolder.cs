using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tessera.Files;

namespace Tessera.Runs;

/// <summary>
/// The folder of a training run: <c>config.json</c>, <c>metrics.csv</c>, <c>series.csv</c>, <c>eval.csv</c>,
/// <c>model.safetensors</c> (the newest weights) and <c>checkpoints/UPDATE/</c>.
/// </summary>
public abstract class RunFolder
{
    /// <summary>The <see cref="InputException.Option"/> of an error that resuming the run fixes.</summary>
    internal const string ResumeOption = "resume";

    private const string ConfigName = "config.json", CheckpointsName = "checkpoints";

    /// <summary>Names the folder of a run, which exists.</summary>
    /// <param name="path">Its full path, from <see cref="Find"/> or <see cref="Create"/>.</param>
    /// <param name="options">The options of the run, as in its <c>config.json</c>.</param>
    protected RunFolder(string path, RunOptions options) => (Path, Options) = (path, options);

    /// <summary>The full path of the folder.</summary>
    public string Path { get; }

    /// <summary>The options of the run, as in <c>config.json</c>.</summary>
    public RunOptions Options { get; }

    /// <summary>The path of the newest weights.</summary>
    public string ModelPath => System.IO.Path.Combine(Path, StateDict.ModelName);

    /// <summary>The path of <c>metrics.csv</c>: means over every 100 updates.</summary>
    public string MetricsPath => System.IO.Path.Combine(Path, "metrics.csv");

    /// <summary>The path of <c>series.csv</c>: the losses of every update.</summary>
    public string SeriesPath => System.IO.Path.Combine(Path, "series.csv");

    /// <summary>The path of <c>eval.csv</c>: the evaluations.</summary>
    public string EvalPath => System.IO.Path.Combine(Path, "eval.csv");

    /// <summary>The path of the folder of checkpoints.</summary>
    public string CheckpointsPath => System.IO.Path.Combine(Path, CheckpointsName);

    /// <summary>The version of the program, as written to <c>config.json</c>.</summary>
    public static string Version { get; } =
        typeof(RunFolder).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>Whether a folder is a run folder: whether it has a <c>config.json</c>.</summary>
    public static bool IsRun(string path) => File.Exists(ConfigPathOf(path));

    /// <summary>Checks early that a new run can use a folder: it does not exist, or is empty.</summary>
    /// <exception cref="InputException">The path is a file, or a folder that is not empty.</exception>
    public static void CheckFree(string path)
    {
        string full = FileErrors.FolderPath(path);
        if (!Directory.Exists(full)) return;
        // Leftovers of a killed process do not count.
        if (FileErrors.List(full, folder => folder.EnumerateFileSystemInfos())
            .Any(entry => entry.Name != FolderLock.Name && !Temporary.IsStale(entry.Name)))
            throw IsRun(full)
                ? new InputException($"{path} exists already; choose another folder, or resume the run in it")
                { Option = ResumeOption, Value = path }
                : new InputException($"{path} exists already; choose another folder") { Option = nameof(path) };
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
        var table = CsvTable.Read(EvalPath);
        return table.Rows.LastOrDefault().Fields is { } last ? [.. table.Columns.Zip(last)] : null;
    }

    /// <summary>A column of <c>eval.csv</c>, with the update of each row; rows without a number are left out.</summary>
    /// <param name="column">The column.</param>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public IEnumerable<(long Update, double Value)> Evaluations(string column)
    {
        if (!File.Exists(EvalPath)) yield break;
        var table = CsvTable.Read(EvalPath);
        int index = table.IndexOf(column);
        if (index < 0) yield break;
        foreach ((_, string[] fields) in table.Rows)
        {
            if (fields.Length > index
                && long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long update)
                && double.TryParse(fields[index], CultureInfo.InvariantCulture, out double value))
                yield return (update, value);
        }
    }

    /// <summary>Removes the temporary files and folders of killed processes.</summary>
    public void CleanUp()
    {
        AtomicFolder.CleanUp(Path);
        if (Directory.Exists(CheckpointsPath)) AtomicFolder.CleanUp(CheckpointsPath);
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

    /// <summary>The path of <c>config.json</c> in a folder; the derived class reads and writes it.</summary>
    protected static string ConfigPathOf(string path) => System.IO.Path.Combine(path, ConfigName);

    /// <summary>The options as text that tells them apart.</summary>
    internal virtual string OptionsText => Options.ToString();

    /// <summary>Creates the folder of a new run. An existing run is never overwritten.</summary>
    /// <param name="path">The folder; missing parent folders are created.</param>
    /// <param name="write">
    /// Writes the run's files, <c>config.json</c> last (<see cref="ConfigPathOf"/>); receives the full path. Meanwhile
    /// no other process can create a run in this folder.
    /// </param>
    /// <exception cref="InputException">The path is taken, or the folder cannot be written.</exception>
    protected static void Create(string path, Action<string> write)
    {
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
        // If several processes choose the same folder at the same time, only one gets it.
        using var alone = new FolderLock(full);
        CheckFree(path);
        write(full);
    }

    /// <summary>Reads and checks the options of a run from its <c>config.json</c>.</summary>
    /// <param name="path">The folder's full path.</param>
    /// <param name="type">The file's JSON.</param>
    /// <exception cref="InputException">The file is damaged.</exception>
    internal static TOptions ReadOptions<TOptions>(string path, JsonTypeInfo<RunConfig<TOptions>> type)
        where TOptions : RunOptions
    {
        string config = ConfigPathOf(path);
        // Null only if the file says so: nothing checks the nullability of a type parameter.
        TOptions options = RunJson.Read(config, type).Options
            ?? throw new InputException($"{config} is damaged: it has no options; fix it or restore a copy");
        try
        {
            options.Validate();
        }
        catch (InputException e)
        {
            throw new InputException($"{config} is damaged: {e.Message}", e);
        }
        return options;
    }

    /// <summary>Writes <c>config.json</c>.</summary>
    /// <param name="path">The folder's full path.</param>
    /// <param name="options">The options.</param>
    /// <param name="type">The file's JSON.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    internal static void WriteOptions<TOptions>(
        string path, TOptions options, JsonTypeInfo<RunConfig<TOptions>> type)
        where TOptions : RunOptions =>
        AtomicFile.Write(ConfigPathOf(path), stream =>
            JsonSerializer.Serialize(stream, new RunConfig<TOptions>(Version, options), type));

    /// <summary>The full path of the folder of an existing run: one with a <c>config.json</c>.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="InputException">There is no such folder, or it is no run's.</exception>
    protected static string Find(string path)
    {
        string full = FileErrors.FolderPath(path);
        if (!Directory.Exists(full))
            throw new InputException($"there is no run folder {path}; check the path, or start a new run")
            { Option = nameof(path), Value = path };
        return IsRun(full)
            ? full
            : throw new InputException($"{path} is not a run folder: it has no {ConfigName}; check the path");
    }

    /// <summary>
    /// Checks that options differ from the run's only where a resumed run can, and that a new budget fits what is done.
    /// </summary>
    /// <exception cref="InputException">They do not; the message says what differs.</exception>
    public void CheckResumable(RunOptions changed)
    {
        changed.Validate();
        if (Options.WithResumable(changed) != changed)
            throw new InputException(
                $"the options differ from those of the run in {Path}; a resumed run can change only its "
                + Options.Resumable);
        if (changed.Budget == Options.Budget) return;
        if (!Options.CanChangeBudget)
            throw new InputException(
                $"the learning rate of the run in {Path} falls to 0 over its {Options.Budget}, so they cannot change; "
                + "start a new run")
            { Option = "Init", Value = Path };
        if (changed.Budget.Minutes < Options.Budget.Minutes)
            throw new InputException($"the run in {Path} has {Options.Budget}; give at least as many");
        if (LatestCheckpoint()?.Update is { } update && changed.Budget.UpdatesFor(changed.Batch) < update)
            throw new InputException(
                $"the run in {Path} has made {update} updates already, of {changed.Batch} images each; "
                + "give at least as many");
    }
}
