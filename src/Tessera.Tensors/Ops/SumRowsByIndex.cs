namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Sums the rows of x by index: <c>sums[k] = sum of x[i] over all i with indices[i] = k</c>, the one-hot matrix's
    /// transpose times x without that matrix; and <c>counts[k]</c>, how many those are. Nothing is recorded.
    /// </summary>
    /// <param name="x">Any shape with as many rows as indices.</param>
    /// <param name="indices">A row number of the result for each row of x.</param>
    /// <param name="sums">Receives the sums: <c>[result rows, columns]</c>; overwritten.</param>
    /// <param name="counts">Receives the counts: <c>[result rows]</c>; overwritten.</param>
    /// <exception cref="ArgumentException">The sizes do not fit together.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is no row of the result.</exception>
    public static void SumRowsByIndex(this Tensor x, ReadOnlySpan<int> indices, Tensor sums, Tensor counts)
    {
        CheckTable(sums, x.Shape.Last);
        if (indices.Length != x.Shape.Rows)
            throw new ArgumentException($"{indices.Length} indices for the {x.Shape.Rows} rows of {x.Shape}.", nameof(indices));
        if (counts.Shape.Length != sums.Shape[0])
            throw new ArgumentException($"{counts.Shape} does not hold a count for each row of {sums.Shape}.", nameof(counts));
        CheckIndices(indices, sums.Shape[0]);
        x.Device.ScatterAddRows(x.Storage, x.Shape.Last, indices, sums.Storage, accumulate: false);
        x.Device.CountIndices(indices, counts.Storage);
    }
}
