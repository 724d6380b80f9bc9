using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using System.Text;
using Tessera.Benchmarks.Soak.Readers;

namespace Tessera.Benchmarks.Soak;

/// <summary><c>soak files</c>: damaged files through every reader; benchmarks/soak/files.sh runs it.</summary>
internal static class ReaderSoakProgram
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5), Patience = TimeSpan.FromSeconds(60);

    /// <summary>Reads damaged files and prints a table.</summary>
    /// <returns>1 if a reader failed.</returns>
    public static int Run(SoakOptions options)
    {
        string folder = options.NewFolder("files");
        // The tests' rule: the user's cache folder is left alone.
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Path.Combine(folder, "cache"));
        try
        {
            return Run(options, folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Run(SoakOptions options, string folder)
    {
        IReadOnlyList<Subject> all = ReaderSoak.Subjects(Path.Combine(SoakOptions.Root, "tests", "fixtures"), folder);
        Subject[] chosen = [.. all.Where(subject => options.Only is null || options.Only == subject.Name)];
        if (chosen.Length == 0)
        {
            Console.Error.WriteLine(
                $"no reader {options.Only}; there are {string.Join(", ", all.Select(each => each.Name))}");
            return 2;
        }
        int total = options.Case is null ? options.Cases : chosen.Length, weights = chosen.Sum(s => s.Weight), done = 0;
        var clock = Stopwatch.StartNew();
        TimeSpan next = BetweenLines;
        using var mark = new Mark(options.MarkPath);
        var soak = new ReaderSoak(folder, options.Seed)
        {
            Tell = Console.WriteLine,
            Watch = options.Case is null ? null : (file, end, milliseconds, megabytes) => Show(options, file, end,
                $"{milliseconds:0.0} ms, {megabytes:0.0} MB"),
            Progress = tally =>
            {
                done++;
                if (clock.Elapsed < next) return;
                next = clock.Elapsed + BetweenLines;
                Console.WriteLine(
                    $"{clock.Elapsed.TotalSeconds:0} s  {done} of {total}  {tally.Name}  {tally.Tried} files, "
                    + $"{tally.Read} read");
            },
        };
        int planned = 0, share = 0;
        using var watch = new Timer(_ => Watch(soak, mark), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
        var tallies = new List<Tally>();
        foreach (Subject subject in chosen)
        {
            mark.Write(subject.Name);
            share += subject.Weight;
            int count = (int)((long)total * share / weights) - planned;
            planned += count;
            tallies.Add(options.Case is { } number ? soak.Run(subject, number, 1) : soak.Run(subject, 0, count));
        }
        Print(tallies, clock.Elapsed, options.Seed);
        return tallies.Any(tally => tally.Faults.Count > 0) ? 1 : 0;
    }

    /// <summary>Keeps the name of the file that is read where it outlives a crash; ends what does not end.</summary>
    private static void Watch(ReaderSoak soak, Mark mark)
    {
        (string name, TimeSpan time) = soak.Current;
        mark.Write(name);
        if (time < Patience) return;
        Console.WriteLine($"FAULT {name}: it does not end");
        Environment.Exit(1);
    }

    /// <summary>Shows how a single file fared, and keeps it.</summary>
    private static void Show(SoakOptions options, byte[] file, Exception? end, string cost)
    {
        string path = Path.Combine(options.Folder, $"tessera-soak-{options.Only}-{options.Case}");
        File.WriteAllBytes(path, file);
        Console.WriteLine($"{path}: {file.Length} bytes, {cost}: {(end is null ? "read" : $"{end}")}");
    }

    private static void Print(List<Tally> tallies, TimeSpan time, int seed)
    {
        Console.WriteLine();
        Console.WriteLine(
            "| reader | files | read all the same | refused | slowest, ms of processor time | most, MB | faults |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (Tally tally in tallies)
            Console.WriteLine(
                $"| {tally.Name} | {tally.Tried} | {tally.Read} | {tally.Tried - tally.Read} | "
                + $"{tally.SlowestMilliseconds:0} | {tally.MostMegabytes:0.0} | {tally.Faults.Sum(f => f.Count)} |");
        Console.WriteLine(
            $"| all | {tallies.Sum(t => t.Tried)} | {tallies.Sum(t => t.Read)} | "
            + $"{tallies.Sum(t => t.Tried - t.Read)} | {tallies.Max(t => t.SlowestMilliseconds):0} | "
            + $"{tallies.Max(t => t.MostMegabytes):0.0} | {tallies.Sum(t => t.Faults.Sum(f => f.Count))} |");
        Console.WriteLine();
        Console.WriteLine($"seed {seed}, {time.TotalMinutes:0.0} minutes");
        foreach (Tally tally in tallies)
            foreach ((int number, int count, string text) in tally.Faults)
                Console.WriteLine($"{count} x --only {tally.Name} --case {number}: {text.Split('\n')[0]}");
    }

    /// <summary>A text in a mapped file, which the system keeps when the process ends in whatever way.</summary>
    private sealed class Mark : IDisposable
    {
        private const int Length = 256;

        private readonly MemoryMappedFile _file;
        private readonly MemoryMappedViewAccessor _view;

        public Mark(string path)
        {
            _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, Length);
            _view = _file.CreateViewAccessor();
        }

        public void Write(string text) =>
            _view.WriteArray(0, Encoding.ASCII.GetBytes(text.PadRight(Length - 1) + '\n'), 0, Length);

        public void Dispose()
        {
            _view.Dispose();
            _file.Dispose();
        }
    }
}
