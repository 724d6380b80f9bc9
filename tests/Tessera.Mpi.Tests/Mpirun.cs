using System.Diagnostics;
using System.Globalization;
using Tessera.Cli;

namespace Tessera.Mpi.Tests;

/// <summary>Starts the program in several processes by Open MPI's <c>mpirun</c>.</summary>
internal static class Mpirun
{
    private static readonly Lazy<bool> IsOpenMpi = new(
        () => Try("mpirun", "--version") is { } version && version.Contains("Open MPI", StringComparison.Ordinal));

    /// <summary>Skips the test where there is no Open MPI.</summary>
    public static void SkipIfMissing() =>
        Assert.SkipUnless(IsOpenMpi.Value, "needs Open MPI's mpirun (Debian: openmpi-bin)");

    /// <summary>Runs the program on so many ranks.</summary>
    public static Outcome Run(int ranks, params string[] args) => Tool.End(Start(ranks, args));

    /// <summary>Starts the program on so many ranks.</summary>
    public static Process Start(int ranks, params string[] args) => Start(Ranks(ranks, args));

    /// <summary>Starts <c>mpirun</c> with its own arguments.</summary>
    public static Process Start(IEnumerable<string> arguments, params string[] before)
    {
        // Containers run as root, on fewer cores than ranks.
        string[] all =
            [.. before, "mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", .. arguments];
        var start = new ProcessStartInfo(all[0], all[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    /// <summary>The arguments for so many ranks of the program; those of others follow after ":".</summary>
    public static IEnumerable<string> Ranks(int ranks, params string[] args) =>
    [
        "-n", ranks.ToString(CultureInfo.InvariantCulture), "dotnet", typeof(TesseraProgram).Assembly.Location, .. args,
    ];

    /// <summary>The lines that the program wrote itself, without those of <c>mpirun</c>.</summary>
    public static string[] OwnLines(Outcome outcome) =>
    [
        .. outcome.Error.Split('\n').Where(line => line.StartsWith("tessera: ", StringComparison.Ordinal)),
    ];

    /// <summary>The processes of the ranks that an <c>mpirun</c> has started, on Linux.</summary>
    public static int[] ProcessesOf(Process mpirun) =>
    [
        .. Directory.GetDirectories($"/proc/{mpirun.Id}/task")
            .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' '))
            .Where(text => text.Length > 0).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).Order(),
    ];

    /// <summary>The output of a command; null if it cannot be run or fails.</summary>
    public static string? Try(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            Outcome outcome = Tool.End(process);
            return outcome.Code == 0 ? outcome.Output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
