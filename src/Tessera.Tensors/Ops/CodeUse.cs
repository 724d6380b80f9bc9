namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Counts how often each index occurs: <c>counts[k]</c> is the number of i with <c>indices[i] = k</c>, exact up to
    /// 2^24. Nothing is recorded.
    /// </summary>
    /// <param name="indices">Any shape.</param>
    /// <param name="counts">Receives the counts: as many elements as the indices' limit; overwritten.</param>
    /// <exception cref="ArgumentException">The sizes do not fit together.</exception>
    public static void CountInto(this Indices indices, Tensor counts)
    {
        CheckLimit(indices, counts.Shape.Length);
        CheckSameDevice(indices, counts);
        counts.Device.CountIndices(indices.Storage, counts.Storage);
    }

    /// <summary>
    /// The perplexity of counts, and how many of them are not 0: with <c>p = counts / sum of counts</c>,
    /// <c>exp(-sum of p log(p + 1e-10))</c>: from 1 (a single index) to K (all equally often). Nothing is recorded.
    /// </summary>
    /// <param name="counts">Any shape.</param>
    /// <param name="result">Receives the perplexity and the number: <c>[2]</c>; overwritten.</param>
    /// <exception cref="ArgumentException">The result does not have two elements.</exception>
    public static void PerplexityInto(this Tensor counts, Tensor result)
    {
        result.Shape.ThrowIfNotLength(2, nameof(result));
        CheckSameDevice(counts, result);
        counts.Device.Perplexity(counts.Storage, result.Storage);
    }
}
