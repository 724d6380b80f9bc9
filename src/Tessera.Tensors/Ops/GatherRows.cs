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
    /// <param name="indices">Row numbers of the table, in any shape of rank 0 to 3.</param>
    /// <returns>The shape of the indices with the columns innermost, on the tape of table and indices.</returns>
    /// <exception cref="ArgumentException">
    /// An index may be no row of the table, or the two are on different tapes or devices.
    /// </exception>
    public static Tensor GatherRows(this Tensor table, Indices indices)
    {
        CheckTable(table, table.Shape.Last);
        CheckLimit(indices, table.Shape[0]);
        int columns = table.Shape.Last;
        Tensor y = Tape.Result(indices.Shape.WithRows(columns), indices, table);
        Device device = y.Device;
        device.GatherRows(table.Storage, columns, indices.Storage, y.Storage);
        return Tape.Record(y, gradY =>
        {
            Storage<float> gradTable = table.Slot.Target(out bool accumulate);
            device.ScatterAddRows(gradY.Storage, columns, indices.Storage, gradTable, accumulate);
        });
    }
}
