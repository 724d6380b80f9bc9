namespace Tessera.Quantization;

/// <summary>
/// Counts how often each code was chosen, at each level of a cell's codes. With <see cref="CellOptions.Top"/> the
/// levels are the two codebooks; else each code of a cell is a level.
/// </summary>
public sealed class CodeUsage
{
    /// <summary>The most combinations of a cell's codes that are counted: they take some hundred megabytes.</summary>
    internal const int MostCombinations = 1 << 22;

    private readonly int _codes, _perCell;
    private readonly CellOptions _cell;
    private readonly long[] _counts;
    private Dictionary<UInt128, long>? _joint = [];

    /// <summary>Counts the codes of cells with a level for each code.</summary>
    /// <param name="codes">Codes in a codebook, K: at least 1.</param>
    /// <param name="levels">Codes of a cell, at least 1.</param>
    public CodeUsage(int codes, int levels = 1)
        : this(codes, new CellOptions { Depth = levels })
    {
    }

    /// <summary>Counts the codes of cells.</summary>
    /// <param name="codes">Codes in a codebook, K: at least 1.</param>
    /// <param name="cell">The codes that a cell has.</param>
    public CodeUsage(int codes, CellOptions cell)
    {
        (_codes, _cell, _perCell) = (codes, cell, cell.Codes);
        _counts = new long[codes * cell.Codebooks];
    }

    /// <summary>The levels that are told apart: <see cref="CellOptions.Codebooks"/>.</summary>
    public int Levels => _cell.Codebooks;

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
    public double Perplexity => Enumerable.Range(0, Levels).Average(PerplexityOf);

    /// <summary>
    /// Number of different combinations of a cell's codes; null if there are more than 4,194,304, which are not
    /// counted.
    /// </summary>
    public int? JointUsed => _perCell == 1 ? Used : _joint?.Count;

    /// <summary>The perplexity of the combinations of a cell's codes; null where <see cref="JointUsed"/> is.</summary>
    public double? JointPerplexity =>
        _perCell == 1 ? PerplexityOf(0) : _joint is null ? null : PerplexityOf([.. _joint.Values]);

    /// <summary>Number of codes of a level that were chosen at least once.</summary>
    public int UsedOf(int level) => _counts.Skip(level * _codes).Take(_codes).Count(count => count > 0);

    /// <summary>The perplexity of the codes of a level.</summary>
    public double PerplexityOf(int level) => PerplexityOf((ReadOnlySpan<long>)_counts.AsSpan(level * _codes, _codes));

    /// <summary>Counts chosen codes, each 0 to K - 1: all codes of a cell, then those of the next.</summary>
    /// <exception cref="ArgumentException">They are no whole cells.</exception>
    public void Add(ReadOnlySpan<int> chosen)
    {
        if (chosen.Length % _perCell != 0)
            throw new ArgumentException($"{chosen.Length} codes are no whole cells of {_perCell}", nameof(chosen));
        for (int i = 0; i < chosen.Length; i++) _counts[_cell.CodebookOf(i % _perCell) * _codes + chosen[i]]++;
        if (_perCell > 1) CountCombinations(chosen);
    }

    private void CountCombinations(ReadOnlySpan<int> chosen)
    {
        for (int i = 0; i < chosen.Length && _joint is not null; i += _perCell)
        {
            // Beyond 128 bits a hash: two combinations that share one are as good as impossible.
            UInt128 combination = 0;
            foreach (int code in chosen.Slice(i, _perCell))
                combination = unchecked(
                    (combination ^ combination >> 91) * (UInt128)(2 * (ulong)_codes + 1) + (uint)code);
            _joint[combination] = _joint.GetValueOrDefault(combination) + 1;
            if (_joint.Count > MostCombinations) _joint = null;
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
