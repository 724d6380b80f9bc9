using Tessera.Tensors.Autograd;

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
    /// <returns>A row number of the table for each row of x: the shape of x without its innermost size.</returns>
    /// <exception cref="ArgumentException">The sizes do not fit together.</exception>
    public static Indices NearestRows(this Tensor x, Tensor table)
    {
        CheckTable(table, x.Shape.Last);
        Indices nearest = Tape.IndexResult(x.Shape.WithoutLast(), table.Shape[0], x, table);
        x.Device.NearestRows(x.Storage, table.Storage, table.Shape[0], table.Shape[1], nearest.Storage);
        return nearest;
    }
}
