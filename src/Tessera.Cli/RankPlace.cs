using Tessera.Tensors.Distributed;

namespace Tessera.Cli;

/// <summary>What a process has of its machine, beside the other processes there.</summary>
/// <param name="Place">Its place among the processes of the machine, from 0.</param>
/// <param name="Threads">Its share of the processors that it may use, at least 1.</param>
internal readonly record struct RankPlace(int Place, int Threads)
{
    private const string StatusPath = "/proc/self/status", AllowedProcessors = "Cpus_allowed_list:";

    /// <summary>Finds the place of this process; all ranks ask together.</summary>
    public static RankPlace Find(Collective ranks)
    {
        if (ranks.Size == 1) return new RankPlace(0, Environment.ProcessorCount);
        string machine = Environment.MachineName;
        string[] all = ranks.Gather($"{machine}\n{Processors()}");
        int before = all.Take(ranks.Rank).Count(other => other.Split('\n')[0] == machine);
        // mpirun may have bound each process to processors of its own.
        int sharing = all.Count(other => other == all[ranks.Rank]);
        return new RankPlace(before, Math.Max(1, Environment.ProcessorCount / sharing));
    }

    /// <summary>The processors that this process may use, as Linux lists them; empty elsewhere.</summary>
    private static string Processors() => !File.Exists(StatusPath)
        ? ""
        : File.ReadLines(StatusPath).FirstOrDefault(
            line => line.StartsWith(AllowedProcessors, StringComparison.Ordinal), "");
}
