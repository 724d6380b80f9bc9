using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

/// <summary>
/// The operations, as extension methods of <see cref="Tensor"/>: one file each, with its formula, forward pass and
/// backward pass. Those that write into a tensor they are given record nothing on a <see cref="Tape"/>.
/// </summary>
public static partial class TensorOperations
{
    private static void CheckSameShape(Tensor x, Tensor y)
    {
        CheckShape(y, x.Shape);
    }

    private static void CheckShape(Tensor x, Shape shape)
    {
        if (x.Shape != shape) throw new ArgumentException($"The shapes {shape} and {x.Shape} differ.");
    }

    private static void CheckTable(Tensor table, int columns)
    {
        if (table.Shape.Rank != 2 || table.Shape[1] != columns)
            throw new ArgumentException($"The rows of a table of shape {table.Shape} do not have {columns} columns.");
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

    /// <summary>The backward pass of what multiplies by a constant.</summary>
    private static void PassGradient(Tensor gradient, Tensor to, float scale)
    {
        if (!to.RequiresGradient) return;
        gradient.Device.Scale(gradient.Storage, scale, to.GradientTarget(out bool accumulate), accumulate);
    }

    /// <summary>
    /// How a convolution's pass adds to the gradient of x, and where: if x is the result of a ReLU, without what its
    /// backward pass would drop.
    /// </summary>
    private static Epilogue GradientEpilogue(Tensor x, out Storage gradX)
    {
        gradX = x.GradientTarget(out bool accumulate, gated: x.IsRectified);
        return new Epilogue(Addend: accumulate ? gradX : null, Gate: x.IsRectified ? x.Storage : null);
    }

    /// <summary>The backward pass of what adds a bias to every pixel.</summary>
    private static void BiasGradient(Tensor? bias, Tensor gradY)
    {
        if (bias is not { RequiresGradient: true }) return;
        gradY.Device.ColumnSums(
            gradY.Storage, gradY.Shape.Rows, gradY.Shape.Last, bias.GradientTarget(out bool accumulate), accumulate);
    }
}
