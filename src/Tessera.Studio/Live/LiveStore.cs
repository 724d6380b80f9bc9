using Tessera.Studio.Runs;

namespace Tessera.Studio.Live;

/// <summary>Keeps the logs of the runs that were watched last.</summary>
internal sealed class LiveStore(RunCatalog catalog)
{
    private const int MostRuns = 16;

    private readonly Lock _lock = new();
    // The one used last is at the end.
    private readonly List<(RunEntry Entry, LiveRun Run)> _runs = [];

    /// <summary>The logs of a run, read up to now.</summary>
    public LiveRun Get(string id)
    {
        RunEntry entry = catalog.Find(id);
        LiveRun run;
        lock (_lock)
        {
            int index = _runs.FindIndex(known => known.Entry.Id == id);
            run = index >= 0 ? _runs[index].Run : new LiveRun(entry);
            if (index >= 0) _runs.RemoveAt(index);
            _runs.Add((entry, run));
            if (_runs.Count > MostRuns) _runs.RemoveAt(0);
        }
        run.Refresh();
        return run;
    }
}
