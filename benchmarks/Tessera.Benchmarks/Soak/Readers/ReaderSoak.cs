using System.Globalization;

namespace Tessera.Benchmarks.Soak.Readers;

/// <summary>How a reader stood the damage.</summary>
internal sealed class Tally(string name)
{
    private readonly Dictionary<string, (int Number, int Count, string Text)> _faults = [];

    public string Name => name;

    public int Tried { get; set; }

    public int Read { get; set; }

    public double SlowestMilliseconds { get; private set; }

    public double MostMegabytes { get; private set; }

    /// <summary>The first file of each kind of fault, and how many there are of the kind.</summary>
    public IReadOnlyCollection<(int Number, int Count, string Text)> Faults => _faults.Values;

    public void Measured(double milliseconds, double megabytes)
    {
        SlowestMilliseconds = Math.Max(SlowestMilliseconds, milliseconds);
        MostMegabytes = Math.Max(MostMegabytes, megabytes);
    }

    /// <summary>Notes a fault; those with the same <paramref name="kind"/> are one.</summary>
    /// <returns>Whether it is the first of its kind.</returns>
    public bool Fault(string kind, int number, string text)
    {
        bool isNew = !_faults.TryGetValue(kind, out var known);
        _faults[kind] = isNew ? (number, 1, text) : known with { Count = known.Count + 1 };
        return isNew;
    }
}

/// <summary>Gives readers damaged files: each is read, or refused with the exception that it documents.</summary>
/// <param name="folder">A folder for the files, which each subject has a part of.</param>
/// <param name="seed">The seed of all damage.</param>
internal sealed class ReaderSoak(string folder, int seed)
{
    private const long NotStarted = -1;

    private long _started = NotStarted;
    private string _current = "";

    /// <summary>Called with a line of text for every new kind of fault.</summary>
    public Action<string> Tell { get; init; } = _ => { };

    /// <summary>Called after every file.</summary>
    public Action<Tally> Progress { get; init; } = _ => { };

    /// <summary>Called with every file, how reading it ended (null: it was read), milliseconds and megabytes.</summary>
    public Action<byte[], Exception?, double, double>? Watch { get; init; }

    /// <summary>The file that is being read, and the time that the processor has taken for it.</summary>
    public (string Name, TimeSpan Time) Current => Volatile.Read(ref _started) is var start && start == NotStarted
        ? (_current, TimeSpan.Zero) : (_current, Environment.CpuUsage.TotalTime - TimeSpan.FromTicks(start));

    /// <summary>All subjects.</summary>
    /// <param name="fixtures">The folder tests/fixtures.</param>
    /// <param name="folder">The folder of the files.</param>
    public static IReadOnlyList<Subject> Subjects(string fixtures, string folder)
    {
        string made = Directory.CreateDirectory(Path.Combine(folder, "made")).FullName;
        return
        [
            .. new ModelSubjects(fixtures, made).All(), .. new ImageSubjects(fixtures, folder).All(),
            .. new RunSubjects(folder).All(),
        ];
    }

    /// <summary>Reads the undamaged files of a subject, which must be accepted.</summary>
    public void CheckSamples(Subject subject)
    {
        foreach (Sample sample in subject.Samples)
        {
            string path = Write(subject, sample, sample.Wrap is { } wrap ? wrap([.. sample.Bytes]) : sample.Bytes);
            try
            {
                subject.Read(path);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{subject.Name}: {sample.Name} is refused undamaged", e);
            }
            subject.Restore?.Invoke();
        }
    }

    /// <summary>Reads damaged files.</summary>
    public Tally Run(Subject subject, int first, int count)
    {
        CheckSamples(subject);
        var tally = new Tally(subject.Name);
        for (int number = first; number < first + count; number++)
        {
            One(subject, number, tally);
            Progress(tally);
        }
        return tally;
    }

    private void One(Subject subject, int number, Tally tally)
    {
        (Sample sample, byte[] file) = subject.Case(seed, number);
        string path = Write(subject, sample, file);
        _current = $"--only {subject.Name} --case {number}";
        long nativeBefore = subject.UsesNativeMemory ? ProcessMemory.StartPeak() : 0;
        long before = GC.GetTotalAllocatedBytes();
        // Of the process: other work of the machine may hold up any file.
        TimeSpan timeBefore = Environment.CpuUsage.TotalTime;
        Volatile.Write(ref _started, timeBefore.Ticks);
        Exception? end = null;
        try
        {
            subject.Read(path);
        }
        catch (Exception e)
        {
            end = e;
        }
        double milliseconds = (Environment.CpuUsage.TotalTime - timeBefore).TotalMilliseconds;
        long bytes = GC.GetTotalAllocatedBytes() - before;
        if (subject.UsesNativeMemory) bytes = Math.Max(bytes, ProcessMemory.Peak() - nativeBefore);
        double megabytes = bytes / (double)(1 << 20);
        Watch?.Invoke(file, end, milliseconds, megabytes);
        Judge(subject, tally, number, end, milliseconds, megabytes);
        Volatile.Write(ref _started, NotStarted);
        if (subject.Restore is { } restore) restore();
    }

    private void Judge(
        Subject subject, Tally tally, int number, Exception? end, double milliseconds, double megabytes)
    {
        tally.Tried++;
        if (end is null) tally.Read++;
        tally.Measured(milliseconds, megabytes);
        if (end is not null && subject.Fault(end) is { } fault)
            Note($"{fault} {end.GetType()} {TopOf(end)}", $"{fault}: {end}");
        if (milliseconds > subject.MostMilliseconds) Note("slow", $"{milliseconds:0} ms");
        if (megabytes > subject.MostMegabytes) Note("large", $"{megabytes:0} MB");

        void Note(string kind, string text)
        {
            if (tally.Fault(kind, number, text))
                Tell($"FAULT --only {subject.Name} --seed {seed} --case {number}: {text}");
        }
    }

    private static string? TopOf(Exception e) => e.StackTrace?.Split('\n').FirstOrDefault();

    private string Write(Subject subject, Sample sample, byte[] file)
    {
        string path = Path.Combine(folder, subject.Name, sample.Name.Replace('/', Path.DirectorySeparatorChar));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, file);
        return path;
    }
}

/// <summary>The memory of this process as Linux counts it; 0 elsewhere.</summary>
internal static class ProcessMemory
{
    /// <summary>Forgets the peak, and returns what is in use now.</summary>
    public static long StartPeak()
    {
        if (!OperatingSystem.IsLinux()) return 0;
        File.WriteAllText("/proc/self/clear_refs", "5");
        return Peak();
    }

    /// <summary>The most bytes in use since <see cref="StartPeak"/>.</summary>
    public static long Peak()
    {
        if (!OperatingSystem.IsLinux()) return 0;
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line["VmHWM:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) << 10;
    }
}
