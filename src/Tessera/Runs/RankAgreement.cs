using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Tessera.Tensors;
using Tessera.Tensors.Distributed;

namespace Tessera.Runs;

/// <summary>
/// Keeps the processes that train together the same: their premises, the state that they start from, and their weights.
/// With one process it does nothing.
/// </summary>
internal sealed class RankAgreement(Collective ranks)
{
    /// <summary>Checks that all ranks have the same version, options, arithmetic and data.</summary>
    /// <exception cref="InputException">Some differ from rank 0; the message says which, and in what.</exception>
    public void CheckPremises(Learner learner)
    {
        if (ranks.Size == 1) return;
        CheckSame("version", RunFolder.Version);
        CheckSame("options", learner.Run.OptionsText);
        CheckSame("arithmetic", learner.Device.Arithmetic);
        foreach ((string name, string text) in learner.Premises) CheckSame(name, text);
    }

    /// <summary>Gives all ranks the state of rank 0.</summary>
    /// <param name="state">The run's state on rank 0.</param>
    /// <param name="elapsed">The times that the run's clock shows on rank 0.</param>
    /// <param name="learner">Its model gets the weights of rank 0.</param>
    /// <param name="optimizer">It gets the state of rank 0; the model holds the average, if there is one.</param>
    /// <returns>The state of rank 0.</returns>
    public RunState ShareState(RunState state, Span<TimeSpan> elapsed, Learner learner, ModelOptimizer optimizer)
    {
        if (ranks.Size == 1) return state;
        string json = JsonSerializer.Serialize(state, RunJson.Default.RunState);
        state = JsonSerializer.Deserialize(ranks.Gather(ranks.Rank == 0 ? json : "")[0], RunJson.Default.RunState)!;
        ranks.Broadcast(elapsed);
        optimizer.ShowAverage();
        foreach ((_, Tensor tensor) in StateOf(learner, optimizer))
        {
            float[] values = tensor.ToArray();
            ranks.Broadcast<float>(values);
            tensor.CopyFrom(values);
        }
        optimizer.Steps = state.OptimizerSteps;
        return state;
    }

    /// <summary>Checks that all ranks have the same weights, and the optimizer the same state.</summary>
    /// <exception cref="InputException">Some differ from rank 0; the message says which.</exception>
    public void CheckWeights(Learner learner, ModelOptimizer optimizer)
    {
        if (ranks.Size == 1) return;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((_, Tensor tensor) in StateOf(learner, optimizer))
            hash.AppendData(MemoryMarshal.AsBytes<float>(tensor.ToArray()));
        if (Others(Convert.ToHexString(hash.GetHashAndReset())) is { Length: > 0 } others)
            throw new InputException(
                $"the weights of {Names(others)} are no longer those of rank 0, although all compute the same; "
                + "resume from the checkpoint before, and look for a processor or a memory that errs");
    }

    /// <summary>The value of rank 0.</summary>
    public double OfFirst(double value)
    {
        ranks.Broadcast(new Span<double>(ref value));
        return value;
    }

    /// <summary>Checks that all ranks have the same text.</summary>
    /// <param name="name">What it describes.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="InputException">Some differ from rank 0; the message says which, and in what.</exception>
    public void CheckSame(string name, string text)
    {
        int[] others = Others(text, out string[] texts);
        if (others.Length == 0) return;
        // Of a text of many lines, the first that differs.
        (string first, string other) = texts[0].Split('\n').Zip(texts[others[0]].Split('\n'))
            .Where(pair => pair.First != pair.Second).FirstOrDefault((texts[0], texts[others[0]]));
        throw new InputException(
            $"{Names(others)} {(others.Length == 1 ? "differs" : "differ")} from rank 0 in its {name}: "
            + $"{Trimmed(other)}, not {Trimmed(first)}; start all processes with the same");
    }

    private int[] Others(string text) => Others(text, out _);

    /// <summary>The ranks whose text is not that of rank 0.</summary>
    private int[] Others(string text, out string[] texts)
    {
        string[] all = texts = ranks.Gather(text);
        return [.. Enumerable.Range(0, all.Length).Where(rank => all[rank] != all[0])];
    }

    private static string Names(int[] ranks) =>
        $"rank{(ranks.Length == 1 ? "" : "s")} {string.Join(", ", ranks)}";

    private static string Trimmed(string line) => line.Trim().TrimEnd(',');

    private static IEnumerable<(string Name, Tensor Tensor)> StateOf(Learner learner, ModelOptimizer optimizer) =>
        learner.Model.State().Concat(optimizer.State());
}
