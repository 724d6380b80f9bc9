namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>Replaces rows of a table: <c>table[indices[i]] = x[i]</c>. Nothing is recorded.</summary>
    /// <param name="table"><c>[table rows, columns]</c>; changed.</param>
    /// <param name="indices">Row numbers of the table, all different.</param>
    /// <param name="x">As many rows of the table's columns as there are indices.</param>
    /// <exception cref="ArgumentException">
    /// The sizes do not fit together, or an index may be no row of the table.
    /// </exception>
    public static void ScatterRows(this Tensor table, Indices indices, Tensor x)
    {
        CheckTable(table, table.Shape.Last);
        CheckLimit(indices, table.Shape[0]);
        int columns = table.Shape.Last;
        if (x.Shape.Length != (long)indices.Shape.Length * columns)
            throw new ArgumentException(
                $"{x.Shape} does not hold a row of {columns} for each of {indices.Shape.Length} indices", nameof(x));
        CheckSameDevice(indices, table);
        CheckSameDevice(x, table);
        table.Device.ScatterRows(x.Storage, columns, indices.Storage, table.Storage);
    }
}
