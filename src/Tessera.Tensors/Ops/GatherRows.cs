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
    /// <param name="indices">
    /// For each row of the result, a row number of the table. They must not change before the backward pass, which
    /// reads them again.
    /// </param>
    /// <param name="shape">The shape of the result: as many rows as indices, columns innermost.</param>
    /// <param name="tape">The tape to record on; null for the table's own, if it has one.</param>
    /// <exception cref="ArgumentException">
    /// The sizes do not fit together, or the table is on another tape or device.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is not a row of the table.</exception>
    public static Tensor GatherRows(this Tensor table, ReadOnlyMemory<int> indices, Shape shape, Tape? tape)
    {
        CheckTable(table, shape.Last);
        if (indices.Length != shape.Rows)
            throw new ArgumentException(
                $"{indices.Length} indices do not fit the {shape.Rows} rows of {shape}", nameof(indices));
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
}
