namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Finds the nearest row of a table for each innermost row of x:
    /// <c>nearest[i] = argmin over k of |x[i] - table[k]|^2</c>, the lowest k on a tie. Nothing is recorded: an argmin
    /// has no gradient.
    /// </summary>
    /// <param name="x">Any shape whose innermost size is that of the table.</param>
    /// <param name="table"><c>[table rows, columns]</c>.</param>
    /// <param name="nearest">Receives a row number of the table, 0 to table rows - 1, for each row of x.</param>
    /// <exception cref="ArgumentException">The sizes do not fit together.</exception>
    public static void NearestRows(this Tensor x, Tensor table, Span<int> nearest)
    {
        CheckTable(table, x.Shape.Last);
        if (nearest.Length != x.Shape.Rows)
            throw new ArgumentException(
                $"{x.Shape} has {x.Shape.Rows} rows, but there is room for {nearest.Length} numbers", nameof(nearest));
        x.Device.NearestRows(x.Storage, x.Shape.Rows, table.Storage, table.Shape[0], table.Shape[1], nearest);
    }
}
