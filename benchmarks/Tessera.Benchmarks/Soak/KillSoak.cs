using System.Diagnostics;

namespace Tessera.Benchmarks.Soak;

/// <summary>Ends processes by SIGKILL at random moments and continues their work, until it is done.</summary>
internal sealed class KillSoak(Job job, string folder, int seed)
{
    private const int MostKillsOfATrial = 9;
    private const double LeastSeconds = 1;

    // Long, for machines with other work.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15), PatienceWithRanks = TimeSpan.FromMinutes(1);

    private readonly Random _random = new(seed);
    private readonly string _temporary = Directory.CreateDirectory(Path.Combine(folder, "tmp")).FullName;
    // About as long as the work takes.
    private double _seconds;

    /// <summary>How often a kill hit in each state of the work, and which process it hit.</summary>
    public SortedDictionary<string, int> Hits { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, int> Targets { get; } = new(StringComparer.Ordinal);

    public int Trials { get; private set; }

    /// <summary>Processes that had ended before they were to be killed.</summary>
    public int Missed { get; private set; }

    public int Count => Hits.Values.Sum();

    public List<string> Faults { get; } = [];

    /// <summary>Kills as often as asked.</summary>
    public void Run(int kills)
    {
        string reference = Path.Combine(folder, "reference");
        var clock = Stopwatch.StartNew();
        Finish(reference);
        _seconds = clock.Elapsed.TotalSeconds;
        Console.WriteLine($"{job.Name}: {_seconds:0.0} s without interruption");
        if (Faults.Count > 0) return;
        while (Count < kills && Faults.Count < 5)
        {
            string place = Path.Combine(folder, $"trial{++Trials}");
            for (int left = Math.Min(1 + _random.Next(MostKillsOfATrial), kills - Count); left > 0;)
                if (KillOnce(place)) left--;
                else break;
            Finish(place);
            if (Faults.Count == 0 && job.Difference(reference, place) is { } difference)
                Fault(place, $"it differs from the uninterrupted one: {difference}");
            if (Faults.Count == 0) Directory.Delete(place, recursive: true);
            Console.WriteLine($"{job.Name}: {Count} of {kills} kills, {Trials} trials, {Faults.Count} faults");
        }
    }

    /// <summary>Starts or continues the work and ends it at a random moment.</summary>
    /// <returns>False if it ended before.</returns>
    private bool KillOnce(string place)
    {
        var clock = Stopwatch.StartNew();
        using var started = new Started(job.Command(place), _temporary);
        WaitForMoment(started, place);
        int[] children = started.Children;
        (int id, string target) = _random.Next(children.Length + 1) switch
        {
            0 => (started.Process.Id, "the process itself"),
            var i => (children[i - 1], $"rank {i - 1}"),
        };
        if (started.Process.HasExited || !Kill(id) || !started.WaitForEnd(Patience) || started.Process.ExitCode == 0)
        {
            Missed++;
            // The machine is less busy than it was.
            _seconds = Math.Max(LeastSeconds, Math.Min(_seconds * 0.8, clock.Elapsed.TotalSeconds));
            if (!started.Process.HasExited || started.Process.ExitCode != 0) Fault(place, $"it failed: {started.Said}");
            return false;
        }
        WaitForAll(place, children);
        _seconds *= 1.1;
        try
        {
            string state = job.StateOf(place);
            Hits[state] = Hits.GetValueOrDefault(state) + 1;
            Targets[target] = Targets.GetValueOrDefault(target) + 1;
        }
        catch (Exception e)
        {
            Fault(place, $"it is damaged: {e}");
        }
        return true;
    }

    /// <summary>
    /// Waits for a moment of the start, of the whole time, of its end, or when a file is being written.
    /// </summary>
    private void WaitForMoment(Started started, string place)
    {
        double part = _random.NextDouble(), seconds = _random.Next(6) switch
        {
            0 => 0.5 * part,
            1 or 2 => _seconds * part,
            3 => _seconds * (0.8 + 0.3 * part),
            _ => -1,
        };
        var clock = Stopwatch.StartNew();
        if (seconds >= 0)
        {
            started.Process.WaitForExit(TimeSpan.FromSeconds(seconds));
            return;
        }
        TimeSpan after = TimeSpan.FromSeconds(_seconds * part);
        while (!started.Process.HasExited && (clock.Elapsed < after || !job.IsWriting(place)))
            Thread.Sleep(1);
        // Somewhere in the writing of a checkpoint, which takes some milliseconds.
        Thread.Sleep(TimeSpan.FromMilliseconds(_random.NextDouble() * 3));
    }

    private static bool Kill(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
            return true;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>A rank whose others are gone must end by itself, so that the work can be continued.</summary>
    private void WaitForAll(string place, int[] ranks)
    {
        var clock = Stopwatch.StartNew();
        while (ranks.Any(Started.IsAlive) && clock.Elapsed < PatienceWithRanks) Thread.Sleep(20);
        foreach (int rank in ranks.Where(Started.IsAlive))
        {
            Fault(place, $"process {rank} outlived the others");
            Kill(rank);
        }
    }

    private void Finish(string place)
    {
        using var started = new Started(job.Command(place), _temporary);
        if (!started.WaitForEnd(Patience)) Fault(place, $"it does not end: {started.Said}");
        else if (started.Process.ExitCode != 0)
            Fault(place, $"exit code {started.Process.ExitCode}: {started.Said}");
    }

    private void Fault(string place, string text)
    {
        Faults.Add(text);
        Console.WriteLine($"FAULT {job.Name}, {place}: {text}");
    }
}

/// <summary><c>soak kills</c>; benchmarks/soak/kills.sh runs it.</summary>
internal static class KillSoakProgram
{
    private const int TrainingImages = 200, PackedImages = 1800;

    /// <returns>1 if a result differed or a process failed.</returns>
    public static int Run(SoakOptions options)
    {
        string folder = options.NewFolder("kills");
        string few = JobImages.Write(Path.Combine(folder, "few"), TrainingImages, 32);
        string many = JobImages.Write(Path.Combine(folder, "many"), PackedImages, 64);
        Job[] jobs =
        [
            new TrainingJob("one process", options.Program, few, 1),
            new TrainingJob("two ranks", options.Program, few, 2), new PackingJob("packing", options.Program, many),
        ];
        var clock = Stopwatch.StartNew();
        var done = new List<(Job Job, KillSoak Soak)>();
        for (int i = 0; i < jobs.Length; i++)
        {
            if (options.Kills[i] == 0) continue;
            string own = Directory.CreateDirectory(Path.Combine(folder, $"{i}")).FullName;
            var soak = new KillSoak(jobs[i], own, options.Seed + i);
            soak.Run(options.Kills[i]);
            done.Add((jobs[i], soak));
        }
        bool failed = done.Any(each => each.Soak.Faults.Count > 0);
        Print(done, clock.Elapsed, options.Seed);
        // What has gone wrong can be looked at.
        if (!failed) Directory.Delete(folder, recursive: true);
        return failed ? 1 : 0;
    }

    private static void Print(List<(Job Job, KillSoak Soak)> done, TimeSpan time, int seed)
    {
        Console.WriteLine();
        Console.WriteLine("| work | kills | hit | moment | trials | same bits | faults |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach ((Job job, KillSoak soak) in done)
            Console.WriteLine(
                $"| {job.Name} | {soak.Count} | {List(soak.Targets)} | {List(soak.Hits)} | {soak.Trials} | "
                + $"{(soak.Faults.Count == 0 ? "all" : "not all")} | {soak.Faults.Count} |");
        Console.WriteLine();
        Console.WriteLine(
            $"{done.Sum(each => each.Soak.Count)} kills, {done.Sum(each => each.Soak.Missed)} came too late, seed "
            + $"{seed}, {time.TotalMinutes:0.0} minutes");
    }

    private static string List(SortedDictionary<string, int> counts) =>
        string.Join("; ", counts.Select(pair => $"{pair.Value} {pair.Key}"));
}
