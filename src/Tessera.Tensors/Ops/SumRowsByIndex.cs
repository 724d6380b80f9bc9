namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Sums the rows of x by index: <c>sums[k] = sum of x[i] over all i with indices[i] = k</c>, and <c>counts[k]</c>
    /// is the number of those i. (The transposed one-hot matrix times x, without building the matrix.) Nothing is
    /// recorded.
    /// </summary>
    /// <param name="x">Any shape with as many rows as indices.</param>
    /// <param name="indices">For each row of x, a row number of the result.</param>
    /// <param name="sums">Receives the sums: <c>[result rows, columns]</c>; overwritten.</param>
    /// <param name="counts">Receives the counts: <c>[result rows]</c>; overwritten.</param>
    /// <exception cref="ArgumentException">
    /// The sizes do not fit together, or an index may be no row of the result.
    /// </exception>
    public static void SumRowsByIndex(this Tensor x, Indices indices, Tensor sums, Tensor counts)
    {
        CheckTable(sums, x.Shape.Last);
        if (indices.Shape.Length != x.Shape.Rows)
            throw new ArgumentException(
                $"{indices.Shape.Length} indices do not fit the {x.Shape.Rows} rows of {x.Shape}", nameof(indices));
        if (counts.Shape.Length != sums.Shape[0])
            throw new ArgumentException(
                $"{counts.Shape} does not hold one count for each row of {sums.Shape}", nameof(counts));
        CheckLimit(indices, sums.Shape[0]);
        CheckSameDevice(indices, x);
        CheckSameDevice(sums, x);
        CheckSameDevice(counts, x);
        x.Device.ScatterAddRows(x.Storage, x.Shape.Last, indices.Storage, sums.Storage, accumulate: false);
        x.Device.CountIndices(indices.Storage, counts.Storage);
    }
}
