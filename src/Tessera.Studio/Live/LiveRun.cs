using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Studio.Runs;
using Tessera.Training;

namespace Tessera.Studio.Live;

/// <summary>The logs of a run in memory, for all who watch it.</summary>
/// <param name="entry">The run.</param>
internal sealed class LiveRun(RunEntry entry)
{
    private const int FreshMilliseconds = 100, MostRows = 4000;

    private readonly Lock _lock = new();
    private readonly GrowingTable _series = new(() => entry.PathOf("series.csv"));
    private readonly GrowingTable _metrics = new(() => entry.PathOf("metrics.csv"));
    private readonly GrowingTable _evaluations = new(() => entry.PathOf("eval.csv"));
    private readonly List<(int Number, long Last)> _cuts = [];
    private IReadOnlyList<long> _snapshots = [];
    private long _refreshed = long.MinValue;
    private int _cut;

    /// <summary>How often the logs have been cut since they are watched.</summary>
    public int Cuts
    {
        get
        {
            lock (_lock) return _cut;
        }
    }

    /// <summary>The updates of the snapshots.</summary>
    public IReadOnlyList<long> Snapshots
    {
        get
        {
            lock (_lock) return _snapshots;
        }
    }

    /// <summary>The last update of each log.</summary>
    public LivePosition End
    {
        get
        {
            lock (_lock)
                return new LivePosition(
                    _series.Last, _metrics.Last, _evaluations.Last, _snapshots.Count > 0 ? _snapshots[^1] : 0);
        }
    }

    /// <summary>Reads what is new in the files, if the last look was a moment ago.</summary>
    public void Refresh()
    {
        lock (_lock)
        {
            if (_refreshed != long.MinValue && Environment.TickCount64 - _refreshed < FreshMilliseconds) return;
            long?[] cuts = [_series.Refresh(), _metrics.Refresh(), _evaluations.Refresh()];
            if (cuts.Any(cut => cut is not null)) _cuts.Add((++_cut, cuts.Min() ?? 0));
            try
            {
                entry.PathOf(SnapshotFolder.Name);
                _snapshots = new SnapshotFolder(entry.Path).Updates();
            }
            catch (Exception e) when (e is InputException or StudioException)
            {
                _snapshots = [];
            }
            _refreshed = Environment.TickCount64;
        }
    }

    /// <summary>The last update that is still as it was after some cuts.</summary>
    public long LastSince(int cut)
    {
        lock (_lock) return _cuts.Where(entry => entry.Number > cut).Min(entry => entry.Last);
    }

    /// <summary>The losses of every update, reduced.</summary>
    public SeriesAnswer Series(IReadOnlyList<string>? columns, long from, long to, int buckets, int window)
    {
        lock (_lock) return SeriesReduction.Reduce(_series, columns, from, to, buckets, window);
    }

    /// <summary>Rows of <c>metrics.csv</c>.</summary>
    public TableAnswer Metrics(long after)
    {
        lock (_lock) return Rows(_metrics, after);
    }

    /// <summary>Rows of <c>eval.csv</c>.</summary>
    public TableAnswer Evaluations(long after)
    {
        lock (_lock) return Rows(_evaluations, after);
    }

    private static TableAnswer Rows(GrowingTable table, long after)
    {
        int all = table.Updates.Count, start = Math.Max(table.RowAfter(after), all - MostRows), count = all - start;
        var columns = new Dictionary<string, double?[]>
        {
            ["update"] = [.. table.Updates.Skip(start).Select(update => (double?)update)],
        };
        for (int i = 0; i < table.Columns.Count; i++)
        {
            List<float> values = table.Values(i);
            // A column of text, such as the split.
            if (values.Count > 0 && values.TrueForAll(float.IsNaN)) continue;
            columns[table.Columns[i]] =
                [.. values.GetRange(start, count).Select(value => float.IsNaN(value) ? (double?)null : value)];
        }
        return new TableAnswer(columns);
    }
}

/// <summary>The last updates of each log that a client has.</summary>
internal readonly record struct LivePosition(long Series, long Metrics, long Evaluations, long Snapshots)
{
    /// <summary>Reads what <see cref="ToString"/> writes; nothing yet if it is anything else.</summary>
    public static LivePosition Parse(string? text)
    {
        long[] parts = [.. (text ?? "").Split('.').Select(part => long.TryParse(part, out long number) ? number : -1)];
        return parts.Length == 4 && parts.All(part => part >= 0)
            ? new LivePosition(parts[0], parts[1], parts[2], parts[3])
            : default;
    }

    /// <summary>The position, but no later than an update.</summary>
    public LivePosition AtMost(long update) => new(
        Math.Min(Series, update), Math.Min(Metrics, update), Math.Min(Evaluations, update),
        Math.Min(Snapshots, update));

    /// <summary>Whether it is beyond another in some log.</summary>
    public bool IsBeyond(LivePosition end) =>
        Series > end.Series || Metrics > end.Metrics || Evaluations > end.Evaluations;

    /// <summary>The id of an event.</summary>
    public override string ToString() => $"{Series}.{Metrics}.{Evaluations}.{Snapshots}";
}
