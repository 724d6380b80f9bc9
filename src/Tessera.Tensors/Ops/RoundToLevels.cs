using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Rounds each element to the nearest level of its column: level j of column c is <c>(j - origin[c]) / step[c]</c>.
    /// The levels of a row are the digits of its code, those of the first column the lowest. Nothing is recorded:
    /// rounding has no gradient.
    /// </summary>
    /// <param name="x">Any shape with the columns innermost.</param>
    /// <param name="grid">
    /// <c>[3, columns]</c>: the number of levels of each column, step and origin (<see cref="LevelGrid"/>).
    /// </param>
    /// <param name="codeCount">The number of codes: the product of the numbers of levels.</param>
    /// <param name="codes">The code of each row: the shape of x without its innermost size.</param>
    /// <returns>The levels' values, in the shape of x.</returns>
    /// <exception cref="ArgumentException">The sizes do not fit together.</exception>
    public static Tensor RoundToLevels(this Tensor x, Tensor grid, int codeCount, out Indices codes)
    {
        CheckShape(grid, [3, x.Shape.Last]);
        CheckSameDevice(x, grid);
        Tensor y = Tape.Result(x.Shape, x.Detach());
        codes = Tape.IndexResult(x.Shape.WithoutLast(), codeCount, x);
        y.Device.RoundToLevels(x.Storage, new LevelGrid(grid.Storage), y.Storage, codes.Storage);
        return y;
    }

    /// <summary>The values of codes of <see cref="RoundToLevels"/>.</summary>
    /// <param name="codes">Codes in any shape of rank 0 to 3.</param>
    /// <param name="grid"><c>[3, columns]</c>.</param>
    /// <returns>The shape of the codes with the columns innermost, on their tape.</returns>
    /// <exception cref="ArgumentException">The sizes or devices do not fit together.</exception>
    public static Tensor LookUpLevels(this Indices codes, Tensor grid)
    {
        CheckSameDevice(codes, grid);
        Tensor y = Tape.Result(codes.Shape.WithRows(grid.Shape.Last), codes);
        y.Device.LookUpLevels(codes.Storage, new LevelGrid(grid.Storage), y.Storage);
        return y;
    }
}
