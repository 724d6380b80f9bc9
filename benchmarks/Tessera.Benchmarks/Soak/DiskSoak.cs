using System.Diagnostics;

namespace Tessera.Benchmarks.Soak;

/// <summary>
/// Work on a small disk that fills, before it starts or meanwhile, and frees again. Each time the program must end with
/// one line that says so; in the end its result must be that of undisturbed work.
/// </summary>
internal sealed class DiskSoak(Job job, string disk, string folder, Random random)
{
    private const int WrongInput = 2, MostAttempts = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private readonly string _temporary = Directory.CreateDirectory(Path.Combine(folder, "tmp")).FullName;

    public int Refused { get; private set; }

    public int Meanwhile { get; private set; }

    public int Rounds { get; private set; }

    public List<string> Faults { get; } = [];

    /// <summary>How far the work was when the disk was full.</summary>
    public SortedDictionary<string, int> States { get; } = new(StringComparer.Ordinal);

    private string Ballast => Path.Combine(disk, "ballast");

    private static long FreeOn(string path) => new DriveInfo(path).AvailableFreeSpace;

    /// <summary>Works on the disk, again and again, while it fills and frees.</summary>
    public void Run(int rounds)
    {
        string reference = Path.Combine(folder, "reference");
        var clock = Stopwatch.StartNew();
        using (var whole = new Started(job.Command(reference), _temporary))
        {
            if (!whole.WaitForEnd(Patience) || whole.Process.ExitCode != 0)
            {
                Fault($"the undisturbed work failed: {whole.Said}");
                return;
            }
        }
        double seconds = clock.Elapsed.TotalSeconds;
        long size = Directory.GetFiles(reference, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
        while (Rounds < rounds && Faults.Count == 0)
        {
            Rounds++;
            string place = Path.Combine(disk, "work");
            Round(place, size, seconds);
            if (Faults.Count == 0 && job.Difference(reference, place) is { } difference)
                Fault($"it differs from the undisturbed one: {difference}");
            if (Faults.Count > 0) break;
            Directory.Delete(place, recursive: true);
            Console.WriteLine($"{job.Name}: {Rounds} of {rounds} rounds, {Refused} times full");
        }
    }

    private void Round(string place, long size, double seconds)
    {
        // The first attempts end early: nearly nothing is free.
        long free = random.Next(4) == 0 ? random.Next(8) << 10 : random.NextInt64(size);
        for (int attempt = 1; Faults.Count == 0; attempt++)
        {
            if (attempt > MostAttempts)
            {
                Fault("the disk was freed, and the work does not come to its end");
                return;
            }
            File.Delete(Ballast);
            bool isMeanwhile = random.Next(2) == 0 && attempt < MostAttempts / 2;
            if (!isMeanwhile) Leave(attempt < MostAttempts / 2 ? free : long.MaxValue);
            using var started = new Started(job.Command(place), _temporary);
            if (isMeanwhile)
            {
                started.Process.WaitForExit(TimeSpan.FromSeconds(seconds * random.NextDouble()));
                Leave(random.Next(3) == 0 ? random.Next(64) << 10 : 0);
            }
            if (!started.WaitForEnd(Patience)) Fault($"it does not end: {started.Said}");
            else if (started.Process.ExitCode == 0) return;
            else CheckRefusal(started, place, isMeanwhile);
            free += random.NextInt64(1 + size / 4);
        }
    }

    /// <summary>One line, no damage, nothing half written.</summary>
    private void CheckRefusal(Started started, string place, bool isMeanwhile)
    {
        Refused++;
        if (isMeanwhile) Meanwhile++;
        string[] lines = started.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (started.Process.ExitCode != WrongInput || lines is not [var line]
            || !line.StartsWith("tessera: ", StringComparison.Ordinal)
            || !line.Contains("disk is full", StringComparison.Ordinal))
            Fault($"exit code {started.Process.ExitCode}: {started.Said}");
        if (job.IsWriting(place)) Fault("a temporary file is left");
        try
        {
            string state = job.StateOf(place);
            States[state] = States.GetValueOrDefault(state) + 1;
        }
        catch (Exception e)
        {
            Fault($"it is damaged: {e}");
        }
    }

    /// <summary>Fills the disk but for some bytes.</summary>
    private void Leave(long bytes)
    {
        byte[] zeros = new byte[1 << 16];
        using var stream = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            for (long over; (over = FreeOn(disk) - bytes) > 0;)
                stream.Write(zeros, 0, (int)Math.Min(over, zeros.Length));
        }
        catch (IOException)
        {
            // The work has taken the rest meanwhile.
        }
    }

    private void Fault(string text)
    {
        Faults.Add(text);
        Console.WriteLine($"FAULT {job.Name}, round {Rounds}: {text}");
    }
}

/// <summary><c>soak disk</c>; benchmarks/soak/disk.sh runs it.</summary>
internal static class DiskSoakProgram
{
    private const int TrainingImages = 200, PackedImages = 1300, DiskMegabytes = 160;

    /// <returns>1 if a process failed otherwise or its result differed; 2 if nothing can be mounted.</returns>
    public static int Run(SoakOptions options)
    {
        string folder = options.NewFolder("disk");
        string disk = Directory.CreateDirectory(Path.Combine(folder, "disk")).FullName;
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess
            || !Mount("mount", "-t", "tmpfs", "-o", $"size={DiskMegabytes}m", "tmpfs", disk))
        {
            Console.Error.WriteLine("a small disk can be mounted on Linux by root only");
            Directory.Delete(folder, recursive: true);
            return 2;
        }
        bool failed;
        try
        {
            failed = Run(options, folder, disk);
        }
        finally
        {
            Mount("umount", disk);
        }
        if (!failed) Directory.Delete(folder, recursive: true);
        return failed ? 1 : 0;
    }

    private static bool Run(SoakOptions options, string folder, string disk)
    {
        string few = JobImages.Write(Path.Combine(folder, "few"), TrainingImages, 32);
        string many = JobImages.Write(Path.Combine(folder, "many"), PackedImages, 64);
        var clock = Stopwatch.StartNew();
        Job[] jobs =
        [
            new TrainingJob("training", options.Program, few, 1), new PackingJob("packing", options.Program, many),
        ];
        var done = new List<(Job Job, DiskSoak Soak)>();
        foreach (Job job in jobs)
        {
            string own = Directory.CreateDirectory(Path.Combine(folder, job.Name)).FullName;
            var soak = new DiskSoak(job, disk, own, new Random(options.Seed + done.Count));
            soak.Run(options.Rounds);
            done.Add((job, soak));
            if (soak.Faults.Count > 0) break;
        }
        Console.WriteLine();
        Console.WriteLine("| work | rounds | times full | of these, filled meanwhile | how far it was | faults |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach ((Job job, DiskSoak soak) in done)
            Console.WriteLine(
                $"| {job.Name} | {soak.Rounds} | {soak.Refused} | {soak.Meanwhile} | "
                + $"{string.Join("; ", soak.States.Select(pair => $"{pair.Value} {pair.Key}"))} | "
                + $"{soak.Faults.Count} |");
        Console.WriteLine();
        Console.WriteLine($"seed {options.Seed}, {clock.Elapsed.TotalMinutes:0.0} minutes");
        return done.Any(each => each.Soak.Faults.Count > 0);
    }

    private static bool Mount(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]))!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
