using System.Collections.Concurrent;
using System.Globalization;
using Tessera.Files;
using Tessera.ImageRuns;
using Tessera.Runs;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Training;

namespace Tessera.Studio.Runs;

/// <summary>
/// Tells from the files of a run how it stands. Whatever they hold, there is an answer: a run that cannot be read is a
/// damaged one.
/// </summary>
internal sealed class RunReader(RunCatalog catalog, Launches launches)
{
    private static readonly string[] Watched =
    [
        "config.json", "metrics.csv", "eval.csv", StateDict.ModelName, "checkpoints", SnapshotFolder.Name,
        FolderLock.Name,
    ];

    // What other parts of the studio read: it changes without a change of what is told here.
    private static readonly string[] Others = ["series.csv", "skipped.txt"];

    private readonly ConcurrentDictionary<string, (string Stamp, RunAnswer Answer)> _known = [];

    /// <summary>All runs, the newest change first.</summary>
    public RunList All() => new(
        [.. catalog.Runs.Select(Read).OrderByDescending(run => run.Changed).ThenBy(run => run.Path)],
        [.. catalog.Folders.Select(
            folder => new FolderAnswer(folder.Id, folder.Name, !folder.IsRun && !folder.IsBuiltIn))]);

    /// <summary>A run as it stands now.</summary>
    public RunAnswer Read(RunEntry entry)
    {
        bool isRunning = FolderLock.IsHeld(entry.Path);
        bool isTaken = launches.IsTaken(entry.Path);
        string stamp = $"{isRunning} {isTaken} {StampOf(entry)} {launches.FailureOf(entry.Id)}";
        if (_known.TryGetValue(entry.Id, out var known) && known.Stamp == stamp) return known.Answer;
        RunAnswer answer;
        try
        {
            answer = Read(entry, isRunning, isTaken);
        }
        // Whatever is wrong with one run must not hide the others.
        catch (Exception e)
        {
            answer = Blank(entry) with
            {
                Kind = KindOf(entry),
                State = RunCondition.Damaged,
                Message = catalog.Shown(e.Message.ReplaceLineEndings(" ")),
            };
        }
        _known[entry.Id] = (stamp, answer);
        return answer;
    }

    /// <summary>The version of a file of weights, which changes when they do; null if there is none.</summary>
    public static string? VersionOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? $"{file.LastWriteTimeUtc.Ticks:x}{file.Length:x}" : null;
    }

    private RunAnswer Read(RunEntry entry, bool isRunning, bool isTaken)
    {
        foreach (string name in Watched.Concat(Others)) entry.PathOf(name);
        OpenedRun opened = OpenedRun.Open(entry);
        RunOptions options = opened.Run.Options;
        Checkpoint? checkpoint = opened.Run.LatestCheckpoint();
        if (checkpoint is not null) entry.PathOf(Path.GetRelativePath(entry.Path, checkpoint.StatePath));
        IReadOnlyDictionary<string, double?>? metrics = CsvTail.LastRow(opened.Run.MetricsPath);
        string? version = VersionOf(opened.Run.ModelPath);
        long update = Math.Max(checkpoint?.Update ?? 0, (long)(metrics?.GetValueOrDefault("update") ?? 0));
        // Of a run that was resumed from before its last row, the rows are cut when it starts.
        if (!isRunning && checkpoint is not null) update = checkpoint.Update;
        double? seconds = SecondsOf(options, checkpoint, isRunning, metrics);
        double fraction = options.Budget.Spent(update, options.Batch, TimeSpan.FromSeconds(seconds ?? 0));
        // What comes without checkpoints, such as the models of the program, cannot be trained on.
        bool isFinished = fraction >= 1 || (checkpoint is null && version is not null);
        bool canLengthen = checkpoint is not null && options.CanChangeBudget;
        double? speed = metrics?.GetValueOrDefault("images_per_second");
        RunAnswer blank = Blank(entry);
        // A failure is told until another process has trained the run, in a terminal for example.
        string? message =
            !isRunning && launches.FailureOf(entry.Id) is { } failure && failure.At >= blank.Changed
                ? failure.Message
                : null;
        RunAnswer answer = blank with
        {
            Kind = opened.Kind,
            State = isRunning ? RunCondition.Running : isFinished ? RunCondition.Finished : RunCondition.Stopped,
            Message = message,
            Data = (options as ImageRunOptions)?.Data,
            Size = (options as ImageRunOptions)?.Size.ToString(),
            Update = update,
            Updates = options.Budget.UpdatesFor(options.Batch),
            Fraction = isFinished && !isRunning ? 1 : Math.Clamp(fraction, 0, 1),
            ImagesPerSecond = speed,
            SecondsSpent = Possible(metrics?.GetValueOrDefault("seconds")),
            SecondsLeft = isRunning ? SecondsLeft(options, update, seconds, speed) : null,
            ModelVersion = version,
            Parent = entry.Parent is { } parent ? catalog.IdOf(parent) : null,
            CanStop = isRunning && !entry.Folder.IsBuiltIn,
            CanResume = !isRunning && !entry.Folder.IsBuiltIn && !isTaken && (!isFinished || canLengthen),
            CanLengthen = canLengthen,
        };
        answer = WithEvaluation(answer, CsvTail.LastRow(opened.Run.EvalPath));
        return opened.Run is TokenizerRun tokenizer ? WithTokenizer(answer, entry, tokenizer) : answer;
    }

    private RunAnswer WithTokenizer(RunAnswer answer, RunEntry entry, TokenizerRun run)
    {
        string prior = Path.Combine(entry.Path, Priors.PriorRun.FolderName);
        return answer with
        {
            Quantizer = run.Options.Model.Quantizer.Kind,
            Codes = run.Options.Model.Codes,
            Prior = RunFolder.IsRun(prior) ? catalog.IdOf(prior) : null,
            Thumbnail = Thumbnails.Find(entry) is { } file
                ? $"/api/runs/{entry.Id}/thumbnail.png?v={File.GetLastWriteTimeUtc(file).Ticks:x}"
                : null,
        };
    }

    private static RunAnswer WithEvaluation(RunAnswer answer, IReadOnlyDictionary<string, double?>? row)
    {
        if (row is null) return answer;
        string name = answer.Kind == RunKind.Tokenizer ? "recon_error" : "nats";
        return answer with
        {
            Evaluation = new EvaluationAnswer(
                (long)(row.GetValueOrDefault("update") ?? 0),
                row.Where(pair => pair.Key is not ("update" or "split")).ToDictionary()),
            TestErrorName = name,
            TestError = row.GetValueOrDefault(name),
            CodesUsed = row.GetValueOrDefault("codes_used"),
        };
    }

    /// <summary>
    /// The time that counts for a budget of minutes: exact at a checkpoint, else that of the updates.
    /// </summary>
    private static double? SecondsOf(
        RunOptions options, Checkpoint? checkpoint, bool isRunning, IReadOnlyDictionary<string, double?>? metrics)
    {
        double? updates = Possible(metrics?.GetValueOrDefault("seconds"));
        if (options.Budget.Minutes is null || checkpoint is null) return updates;
        double? exact = Possible(Checkpoint.ReadState(checkpoint.Path).Seconds);
        return isRunning && updates > (exact ?? 0) ? updates : exact;
    }

    private static double? SecondsLeft(RunOptions options, long update, double? seconds, double? speed)
    {
        if (options.Budget.Minutes is { } minutes) return Math.Max(0, 60 * minutes - (seconds ?? 0));
        return speed > 0 && options.Budget.UpdatesFor(options.Batch) is { } updates
            ? Possible(Math.Max(0, ((double)updates - update) * options.Batch / speed.Value))
            : null;
    }

    /// <summary>Seconds that a run can take; null for what only a damaged file says.</summary>
    private static double? Possible(double? seconds) =>
        seconds is >= 0 and <= 2 * 60 * TrainingBudget.MostMinutes ? seconds : null;

    private static RunAnswer Blank(RunEntry entry) => new()
    {
        Id = entry.Id,
        Name = entry.Name,
        Folder = entry.Folder.Id,
        Path = entry.ShownPath,
        IsBuiltIn = entry.Folder.IsBuiltIn,
        Changed = Watched.Select(name => File.GetLastWriteTimeUtc(Path.Combine(entry.Path, name))).Max(),
    };

    private static RunKind KindOf(RunEntry entry)
    {
        try
        {
            return OpenedRun.KindOf(entry);
        }
        catch (Exception e) when (e is StudioException || FileErrors.IsFileError(e))
        {
            return RunKind.Unknown;
        }
    }

    // Ticks and lengths tell whether a file was written; a missing file has those of the year 1601.
    private static string StampOf(RunEntry entry) => string.Join(' ', Watched.Select(name =>
    {
        var file = new FileInfo(Path.Combine(entry.Path, name));
        return string.Create(
            CultureInfo.InvariantCulture, $"{file.LastWriteTimeUtc.Ticks:x}-{(file.Exists ? file.Length : -1)}");
    }));
}
