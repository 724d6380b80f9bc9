namespace Tessera.Quantization;

/// <summary>Counts how often each code was chosen, at each level of a cell's codes.</summary>
/// <param name="codes">Codes in a codebook, K: at least 1.</param>
/// <param name="levels">Codes of a cell, at least 1.</param>
public sealed class CodeUsage(int codes, int levels = 1)
{
    private readonly long[] _counts = new long[codes * levels];
    private readonly Dictionary<UInt128, long> _joint = [];

    /// <summary>Codes of a cell.</summary>
    public int Levels => levels;

    /// <summary>
    /// How often each code was chosen, <c>[levels, codes]</c>: those of the first level, then of the second, and so on.
    /// </summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>Number of codes that were chosen at least once, over all levels.</summary>
    public int Used => _counts.Count(count => count > 0);

    /// <summary>
    /// The perplexity of the codes' frequencies p: <c>exp(-sum of p log(p + 1e-10))</c>, from 1 (a single code) to K
    /// (all codes equally often); with several levels, their mean. It depends on the number of vectors counted: a batch
    /// usually has a lower perplexity than the whole set.
    /// </summary>
    public double Perplexity => Enumerable.Range(0, levels).Average(PerplexityOf);

    /// <summary>Number of different combinations of a cell's codes.</summary>
    public int JointUsed => levels == 1 ? Used : _joint.Count;

    /// <summary>The perplexity of the combinations of a cell's codes.</summary>
    public double JointPerplexity => levels == 1 ? PerplexityOf(0) : PerplexityOf([.. _joint.Values]);

    /// <summary>Number of codes of a level that were chosen at least once.</summary>
    public int UsedOf(int level) => _counts.Skip(level * codes).Take(codes).Count(count => count > 0);

    /// <summary>The perplexity of the codes of a level.</summary>
    public double PerplexityOf(int level) => PerplexityOf((ReadOnlySpan<long>)_counts.AsSpan(level * codes, codes));

    /// <summary>Counts chosen codes, each 0 to K - 1: all codes of a cell, then those of the next.</summary>
    /// <exception cref="ArgumentException">They are no whole cells.</exception>
    public void Add(ReadOnlySpan<int> chosen)
    {
        if (chosen.Length % levels != 0)
            throw new ArgumentException($"{chosen.Length} codes are no whole cells of {levels}", nameof(chosen));
        for (int i = 0; i < chosen.Length; i++) _counts[i % levels * codes + chosen[i]]++;
        if (levels == 1) return;
        for (int i = 0; i < chosen.Length; i += levels)
        {
            // Beyond 128 bits a hash: two combinations that share one are as good as impossible.
            UInt128 combination = 0;
            foreach (int code in chosen.Slice(i, levels))
                combination = unchecked(
                    (combination ^ combination >> 91) * (UInt128)(2 * (ulong)codes + 1) + (uint)code);
            _joint[combination] = _joint.GetValueOrDefault(combination) + 1;
        }
    }

    private static double PerplexityOf(ReadOnlySpan<long> counts)
    {
        double total = 0, entropy = 0;
        foreach (long count in counts) total += count;
        foreach (long count in counts)
        {
            double p = total == 0 ? 0 : count / total;
            entropy -= p * Math.Log(p + 1e-10);
        }
        return Math.Exp(entropy);
    }
}
