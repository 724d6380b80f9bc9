using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Looks rows up in a table: <c>y[i] = table[indices[i]]</c> (PyTorch's <c>Embedding</c>).
    /// Backward: <c>dtable[k] = sum of dy[i] over all i with indices[i] = k</c>, in the order of i.
    /// </summary>
    /// <param name="table"><c>[table rows, columns]</c>.</param>
    /// <param name="indices">A row number of the table for each row of the result. Read again by the backward pass: they
    /// must not change before it.</param>
    /// <param name="shape">The shape of the result: as many rows as indices, columns innermost.</param>
    /// <param name="tape">Where the result is recorded; null for a tensor of its own.</param>
    /// <exception cref="ArgumentException">The sizes do not fit together, or the table is on another tape or device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is no row of the table.</exception>
    public static Tensor GatherRows(this Tensor table, ReadOnlyMemory<int> indices, Shape shape, Tape? tape)
    {
        CheckTable(table, shape.Last);
        if (indices.Length != shape.Rows)
            throw new ArgumentException($"{indices.Length} indices do not make the rows of {shape}.", nameof(indices));
        CheckIndices(indices.Span, table.Shape[0]);
        int columns = shape.Last;
        Tensor y = Tape.Result(tape, shape, table);
        Device device = y.Device;
        device.GatherRows(table.Storage, columns, indices.Span, y.Storage);
        return Tape.Record(y, gradY =>
        {
            Storage gradTable = table.GradientTarget(out bool accumulate);
            device.ScatterAddRows(gradY.Storage, columns, indices.Span, gradTable, accumulate);
        });
    }

    /// <summary>
    /// Sums the rows of x by index: <c>sums[k] = sum of x[i] over all i with indices[i] = k</c>, the one-hot matrix's
    /// transpose times x without that matrix. Nothing is recorded.
    /// </summary>
    /// <param name="x">Any shape with as many rows as indices.</param>
    /// <param name="indices">A row number of the result for each row of x.</param>
    /// <param name="sums">Receives the sums: <c>[result rows, columns]</c>; overwritten.</param>
    /// <exception cref="ArgumentException">The sizes do not fit together.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is no row of the result.</exception>
    public static void SumRowsByIndex(this Tensor x, ReadOnlySpan<int> indices, Tensor sums)
    {
        CheckTable(sums, x.Shape.Last);
        if (indices.Length != x.Shape.Rows)
            throw new ArgumentException($"{indices.Length} indices for the {x.Shape.Rows} rows of {x.Shape}.", nameof(indices));
        CheckIndices(indices, sums.Shape[0]);
        x.Device.ScatterAddRows(x.Storage, x.Shape.Last, indices, sums.Storage, accumulate: false);
    }

    private static void CheckIndices(ReadOnlySpan<int> indices, int tableRows)
    {
        foreach (int index in indices)
        {
            if ((uint)index >= (uint)tableRows)
                throw new ArgumentOutOfRangeException(
                    nameof(indices), index, $"The table has rows 0 to {tableRows - 1}.");
        }
    }
}
