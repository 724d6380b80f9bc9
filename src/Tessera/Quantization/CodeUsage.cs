namespace Tessera.Quantization;

/// <summary>Counts how often each code was chosen.</summary>
/// <param name="codes">Codes in the codebook, at least 1.</param>
public sealed class CodeUsage(int codes)
{
    private readonly long[] _counts = new long[codes];

    /// <summary>How often each code was chosen.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>Number of codes that were chosen at least once.</summary>
    public int Used => _counts.Count(count => count > 0);

    /// <summary>
    /// The perplexity of the codes' frequencies p: <c>exp(-sum of p log(p + 1e-10))</c>, from 1 (a single code) to K
    /// (all codes equally often). It depends on the number of vectors counted: a batch usually has a lower perplexity
    /// than the whole set.
    /// </summary>
    public double Perplexity
    {
        get
        {
            double total = _counts.Sum();
            double entropy = 0;
            foreach (long count in _counts)
            {
                double p = total == 0 ? 0 : count / total;
                entropy -= p * Math.Log(p + 1e-10);
            }
            return Math.Exp(entropy);
        }
    }

    /// <summary>Counts chosen codes, each 0 to K - 1.</summary>
    public void Add(ReadOnlySpan<int> chosen)
    {
        foreach (int code in chosen) _counts[code]++;
    }
}
