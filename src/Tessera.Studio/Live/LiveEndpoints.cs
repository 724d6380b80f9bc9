using Tessera.Imaging;
using Tessera.Models;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Studio.Runs;
using Tessera.Tensors.IO;
using Tessera.Training;

namespace Tessera.Studio.Live;

/// <summary>The endpoints that show how a run learns.</summary>
internal sealed class LiveEndpoints(RunCatalog catalog, RunReader reader, LiveStore live)
{
    private const int UsualBuckets = 800, MostBuckets = 4000, LeastWindow = 9, MostWindow = 2001;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/runs/events", (Delegate)WatchAll).GivesEvents();
        app.MapGet("/api/runs/{id}/events", Watch).GivesEvents();
        app.MapGet("/api/runs/{id}/series", Series);
        app.MapGet("/api/runs/{id}/metrics", (string id) => live.Get(id).Metrics(after: 0));
        app.MapGet("/api/runs/{id}/evaluations", (string id) => live.Get(id).Evaluations(after: 0));
        app.MapGet("/api/runs/{id}/snapshots", Snapshots);
        app.MapGet("/api/runs/{id}/snapshots/original.png", Original).GivesPng();
        app.MapGet("/api/runs/{id}/snapshots/{update:long}.png", Snapshot).GivesPng();
        app.MapGet("/api/runs/{id}/snapshots/{update:long}/codes", SnapshotCodes);
    }

    private SeriesAnswer Series(
        string id, string? columns, long from = 1, long? to = null, int buckets = UsualBuckets, int smooth = 0)
    {
        Parameter.InRange(buckets, 1, MostBuckets, "buckets");
        if (smooth != 0 && (smooth < LeastWindow || smooth > MostWindow || smooth % 2 == 0))
            throw StudioException.Wrong(
                $"smooth must be 0 or odd and {LeastWindow} to {MostWindow}, not {smooth}", "smooth");
        return live.Get(id).Series(columns?.Split(','), from, to ?? long.MaxValue, buckets, smooth);
    }

    private Task WatchAll(HttpContext context) => EventStream.Serve(context, async (stream, cancellation) =>
    {
        Dictionary<string, RunAnswer>? sent = null;
        while (true)
        {
            RunList list = reader.All();
            if (sent?.Count != list.Runs.Count || list.Runs.Any(run => !sent.ContainsKey(run.Id)))
            {
                await stream.Send(null, "runs", list, StudioJson.Default.RunList, cancellation);
            }
            else
            {
                foreach (RunAnswer run in list.Runs.Where(run => !ReferenceEquals(sent[run.Id], run)))
                    await stream.Send(null, "run", run, StudioJson.Default.RunAnswer, cancellation);
            }
            sent = list.Runs.ToDictionary(run => run.Id);
            await stream.KeepAlive(cancellation);
            await Task.Delay(Tick, cancellation);
        }
    });

    private async Task Watch(string id, HttpContext context)
    {
        // Whether it exists is found out before the stream begins.
        LiveRun first = live.Get(id);
        int cuts = first.Cuts;
        var position = LivePosition.Parse(context.Request.Headers["Last-Event-ID"]);
        await EventStream.Serve(context, async (stream, cancellation) =>
        {
            RunAnswer? sent = null;
            while (true)
            {
                RunAnswer run;
                LiveRun logs;
                try
                {
                    logs = live.Get(id);
                    run = reader.Read(catalog.Find(id));
                }
                catch (StudioException e) when (e.Status == StatusCodes.Status404NotFound)
                {
                    await stream.Send(
                        null, "gone", new NothingAnswer(), StudioJson.Default.NothingAnswer, cancellation);
                    return;
                }
                (position, cuts) = await FollowCuts(stream, logs, position, cuts, cancellation);
                position = await SendNew(stream, logs, position, cancellation);
                if (!ReferenceEquals(run, sent))
                    await stream.Send(
                        position.ToString(), "run", sent = run, StudioJson.Default.RunAnswer, cancellation);
                await stream.KeepAlive(cancellation);
                await Task.Delay(Tick, cancellation);
            }
        });
    }

    /// <summary>Tells a client what it must forget, if the run was resumed from an earlier update.</summary>
    private static async Task<(LivePosition Position, int Cuts)> FollowCuts(
        EventStream stream, LiveRun logs, LivePosition position, int cuts, CancellationToken cancellation)
    {
        int now = logs.Cuts;
        // A client that was away has what this server never saw: it begins anew.
        long last = now > cuts ? logs.LastSince(cuts) : position.IsBeyond(logs.End) ? 0 : long.MaxValue;
        LivePosition kept = position.AtMost(last);
        if (kept != position)
            await stream.Send(
                kept.ToString(), "truncated", new TruncatedAnswer(last), StudioJson.Default.TruncatedAnswer,
                cancellation);
        return (kept, now);
    }

    private static async Task<LivePosition> SendNew(
        EventStream stream, LiveRun logs, LivePosition position, CancellationToken cancellation)
    {
        LivePosition end = logs.End;
        if (end.Series > position.Series)
        {
            SeriesAnswer series = logs.Series(null, position.Series + 1, end.Series, UsualBuckets, window: 0);
            position = position with { Series = end.Series };
            await stream.Send(position.ToString(), "series", series, StudioJson.Default.SeriesAnswer, cancellation);
        }
        if (end.Metrics > position.Metrics)
        {
            TableAnswer rows = logs.Metrics(position.Metrics);
            position = position with { Metrics = end.Metrics };
            await stream.Send(position.ToString(), "metrics", rows, StudioJson.Default.TableAnswer, cancellation);
        }
        if (end.Evaluations > position.Evaluations)
        {
            TableAnswer rows = logs.Evaluations(position.Evaluations);
            position = position with { Evaluations = end.Evaluations };
            await stream.Send(position.ToString(), "evaluations", rows, StudioJson.Default.TableAnswer, cancellation);
        }
        if (end.Snapshots > position.Snapshots)
        {
            long[] updates = [.. logs.Snapshots.Where(update => update > position.Snapshots)];
            position = position with { Snapshots = end.Snapshots };
            await stream.Send(
                position.ToString(), "snapshots", new NewSnapshotsAnswer(updates),
                StudioJson.Default.NewSnapshotsAnswer, cancellation);
        }
        return position;
    }

    private SnapshotsAnswer Snapshots(string id)
    {
        RunEntry entry = catalog.Find(id);
        var folder = new SnapshotFolder(entry.Path);
        IReadOnlyList<long> updates = folder.Updates();
        string original = entry.PathOf(SnapshotFolder.Name, SnapshotFolder.OriginalName);
        if (updates.Count == 0 || !File.Exists(original) || OpenedRun.Open(entry).Run is not TokenizerRun run)
            return new SnapshotsAnswer([], null, null, null, null);
        Image row = ImageFile.Read(original, Thumbnails.MostPixels);
        int width = run.Options.Size.Width;
        return new SnapshotsAnswer(
            updates, row.Height, width, row.Width / width,
            $"/api/runs/{id}/snapshots/original.png?v={File.GetLastWriteTimeUtc(original).Ticks:x}");
    }

    private IResult Original(string id, HttpContext context) => Png(
        context, catalog.Find(id).PathOf(SnapshotFolder.Name, SnapshotFolder.OriginalName));

    private IResult Snapshot(string id, long update, HttpContext context) => Png(
        context, catalog.Find(id).PathOf(SnapshotFolder.Name, $"{update}", SnapshotFolder.ImagesName));

    private SnapshotCodesAnswer SnapshotCodes(string id, long update)
    {
        RunEntry entry = catalog.Find(id);
        string path = entry.PathOf(SnapshotFolder.Name, $"{update}", SnapshotFolder.CodesName);
        if (!File.Exists(path)) throw StudioException.NotFound($"snapshot of update {update}");
        if (OpenedRun.Open(entry).Run is not TokenizerRun run) throw StudioException.NotFound("snapshot of this run");
        try
        {
            using NpyReader reader = NpyReader.Open(path);
            VqVaeOptions model = run.Options.Model;
            if (!reader.Shape.SequenceEqual([model.Cell.Codebooks, model.Codes]))
                throw new InvalidDataException($"{path} is damaged: it is not of the codes of the run");
            int[] counts = new int[reader.Length];
            reader.Read(counts);
            (ImageSize size, int cell) = (run.Options.Size, model.PixelsPerCode);
            int perImage = size.Height / cell * (size.Width / cell) * model.Cell.Codes;
            return new SnapshotCodesAnswer(
                update, (int)(counts.Sum(count => (long)count) / perImage), reader.Shape[1], reader.Shape[0], counts);
        }
        catch (InvalidDataException e)
        {
            throw new StudioException(StatusCodes.Status422UnprocessableEntity, e.Message);
        }
    }

    private static IResult Png(HttpContext context, string path)
    {
        if (!File.Exists(path)) throw StudioException.NotFound("such snapshot");
        // Another program may have put anything there.
        if (new FileInfo(path).Length > StudioServer.MostUploadBytes)
            throw new StudioException(
                StatusCodes.Status422UnprocessableEntity, $"{path} is damaged: it is too large for a snapshot");
        return Answers.Png(context, File.ReadAllBytes(path));
    }
}
