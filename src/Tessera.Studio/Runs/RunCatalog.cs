using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Tessera.Files;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Studio.Http;

namespace Tessera.Studio.Runs;

/// <summary>A folder that the user named.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Path">Its full path.</param>
/// <param name="Name">As the user named it.</param>
/// <param name="IsRun">Whether it is itself a run.</param>
/// <param name="IsBuiltIn">Whether it is a model that comes with the program.</param>
internal sealed record StudioFolder(string Id, string Path, string Name, bool IsRun, bool IsBuiltIn);

/// <summary>A run folder.</summary>
/// <param name="Id">Its id, of its full path.</param>
/// <param name="Path">Its full path.</param>
/// <param name="Folder">The folder that it was found in.</param>
internal sealed record RunEntry(string Id, string Path, StudioFolder Folder)
{
    /// <summary>The name for people.</summary>
    public string Name => Parent is { } parent
        ? $"{System.IO.Path.GetFileName(parent)}/{System.IO.Path.GetFileName(Path)}"
        : System.IO.Path.GetFileName(Path);

    /// <summary>The path for people: as they named the folder.</summary>
    public string ShownPath => Folder.IsRun && Path == Folder.Path
        ? Folder.Name
        : System.IO.Path.Combine(Folder.Name, System.IO.Path.GetRelativePath(Folder.Path, Path));

    /// <summary>The run that this one lies in, such as a prior's tokenizer; null for none.</summary>
    public string? Parent { get; init; }

    /// <summary>The path of a file of the run.</summary>
    /// <exception cref="StudioException">It is a link that leads out of the user's folder.</exception>
    public string PathOf(params string[] names)
    {
        string path = System.IO.Path.Combine([Path, .. names]);
        return Confinement.IsInside(path, Folder.Path)
            ? path
            : throw new StudioException(
                StatusCodes.Status422UnprocessableEntity,
                $"{string.Join('/', names)} of {ShownPath} is a link to a place outside of the folder");
    }
}

/// <summary>Finds the runs in the folders that the user named.</summary>
internal sealed class RunCatalog
{
    private const int Deepest = 4, MostRuns = 2000;
    // A folder of a million images takes long to look through: most of the time nobody should.
    private const int PausePerScan = 9;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(400);

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, string> _ids = [], _paths = [];
    private volatile Snapshot _known = new([], Began: DateTime.MinValue, Took: TimeSpan.Zero);
    private DateTime _refreshed;
    private Task? _scan;

    public RunCatalog(StudioOptions options)
    {
        var folders = new List<StudioFolder>();
        foreach ((string path, bool isBuiltIn) in
            options.Paths.Select(path => (path, false)).Concat(options.BuiltIn.Select(path => (path, true))))
        {
            string full = FileErrors.FolderPath(path);
            if (folders.Any(folder => folder.Path == full)) continue;
            string name = isBuiltIn ? Path.GetFileName(full) : path;
            folders.Add(new StudioFolder($"f{folders.Count}", full, name, RunFolder.IsRun(full), isBuiltIn));
        }
        Folders = folders;
    }

    /// <summary>The folders that the user named, and the built-in models.</summary>
    public IReadOnlyList<StudioFolder> Folders { get; }

    /// <summary>
    /// All runs, as they were when the folders were last looked through: a moment ago, or longer where that takes long.
    /// One that this studio has started is among them as soon as its folder is there.
    /// </summary>
    public IReadOnlyCollection<RunEntry> Runs
    {
        get
        {
            Look();
            Dictionary<string, RunEntry> known = _known.Runs;
            IEnumerable<RunEntry?> started =
                _paths.Where(entry => !known.ContainsKey(entry.Key)).Select(entry => EntryOf(entry.Value));
            return [.. known.Values.Where(run => RunFolder.IsRun(run.Path)), .. started.OfType<RunEntry>()];
        }
    }

    /// <summary>Finds a run that exists.</summary>
    /// <exception cref="StudioException">There is none, or no longer.</exception>
    public RunEntry Find(string id)
    {
        if (_known.Runs.TryGetValue(id, out RunEntry? known))
            return RunFolder.IsRun(known.Path) ? known : throw StudioException.NotFound($"run {id}");
        // One that this studio has started is found as soon as its folder is there.
        if (_paths.TryGetValue(id, out string? path) && EntryOf(path) is { } started) return started;
        Look(isWaiting: true);
        return _known.Runs.TryGetValue(id, out RunEntry? found) ? found : throw StudioException.NotFound($"run {id}");
    }

    /// <summary>The id of the run in a folder, whether or not it exists yet.</summary>
    public string IdOf(string path)
    {
        string id = _ids.GetOrAdd(
            path, full => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(full)))[..12]);
        _paths[id] = path;
        return id;
    }

    /// <summary>A text with the folders as the user named them, instead of their full paths.</summary>
    public string Shown(string text) => Folders.Aggregate(text, (shown, folder) => shown == folder.Path
        ? folder.Name
        : shown.Replace(
            folder.Path + Path.DirectorySeparatorChar,
            Path.TrimEndingDirectorySeparator(folder.Name) + Path.DirectorySeparatorChar, StringComparison.Ordinal));

    /// <summary>Looks at the folders again at the next question.</summary>
    public void Refresh()
    {
        lock (_lock) _refreshed = DateTime.UtcNow;
    }

    /// <summary>Has the folders looked through in the background, if the last look was too long ago.</summary>
    /// <param name="isWaiting">Whether the result is waited for; a result of long ago always is.</param>
    private void Look(bool isWaiting = false)
    {
        Task scan;
        lock (_lock)
        {
            Snapshot known = _known;
            TimeSpan age = DateTime.UtcNow - known.Began, pause = known.Took * PausePerScan;
            if (pause < ShortestPause) pause = ShortestPause;
            bool isRefreshed = known.Began <= _refreshed;
            if (age < pause && !isRefreshed) return;
            isWaiting |= isRefreshed || age > 3 * pause;
            scan = _scan ??= Task.Run(Scan);
        }
        if (isWaiting) scan.GetAwaiter().GetResult();
    }

    private void Scan()
    {
        try
        {
            DateTime began = DateTime.UtcNow;
            var found = new Dictionary<string, RunEntry>();
            foreach (StudioFolder folder in Folders) Scan(folder, folder.Path, parent: null, depth: 0, found);
            _known = new Snapshot(found, began, DateTime.UtcNow - began);
        }
        finally
        {
            lock (_lock) _scan = null;
        }
    }

    /// <summary>The run in a folder that no look has found yet; null if there is none.</summary>
    private RunEntry? EntryOf(string path)
    {
        if (!RunFolder.IsRun(path)) return null;
        string around = Path.GetDirectoryName(path)!;
        bool isPrior = Path.GetFileName(path) == PriorRun.FolderName && RunFolder.IsRun(around);
        return Folders.FirstOrDefault(folder => Confinement.IsInside(path, folder.Path)) is { } home
            ? new RunEntry(IdOf(path), path, home) { Parent = isPrior ? around : null }
            : null;
    }

    private void Scan(StudioFolder folder, string path, string? parent, int depth, Dictionary<string, RunEntry> found)
    {
        if (found.Count >= MostRuns) return;
        if (RunFolder.IsRun(path))
        {
            string id = IdOf(path);
            found.TryAdd(id, new RunEntry(id, path, folder) { Parent = parent });
            string prior = Path.Combine(path, PriorRun.FolderName);
            if (parent is null && Directory.Exists(prior) && Confinement.IsInside(prior, folder.Path))
                Scan(folder, prior, path, depth + 1, found);
            return;
        }
        if (depth >= Deepest) return;
        foreach (string child in Children(path))
        {
            if (Confinement.IsInside(child, folder.Path)) Scan(folder, child, parent: null, depth + 1, found);
        }
    }

    /// <summary>What a look has found.</summary>
    private sealed record Snapshot(Dictionary<string, RunEntry> Runs, DateTime Began, TimeSpan Took);

    private static string[] Children(string path)
    {
        try
        {
            return
            [
                .. Directory.EnumerateDirectories(path)
                    .Where(child => !Path.GetFileName(child).StartsWith('.')).Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            // Deleted meanwhile, or not ours to read.
            return [];
        }
    }
}
