using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

/// <summary>
/// The operations, as extension methods of <see cref="Tensor"/>: one file each, with its formula, forward pass and
/// backward pass. Operations that write into a given tensor record nothing on a <see cref="Tape"/>.
/// </summary>
public static partial class TensorOperations
{
    private static void CheckSameShape(Tensor x, Tensor y)
    {
        CheckShape(y, x.Shape);
    }

    private static void CheckShape(Tensor x, Shape shape)
    {
        if (x.Shape != shape) throw new ArgumentException($"the shapes {shape} and {x.Shape} differ");
    }

    private static void CheckTable(Tensor table, int columns)
    {
        if (table.Shape.Rank != 2 || table.Shape[1] != columns)
            throw new ArgumentException($"a table of shape {table.Shape} does not have {columns} columns");
    }

    /// <summary>Checks an operation that writes into a given tensor: nothing else looks at its devices.</summary>
    private static void CheckSameDevice(Tensor x, Tensor y)
    {
        if (x.Device != y.Device)
            throw new ArgumentException(
                $"the tensors are on different devices: {x.Device.Description}; {y.Device.Description}");
    }

    private static void CheckSameDevice(Indices indices, Tensor x)
    {
        if (indices.Device != x.Device)
            throw new ArgumentException(
                "indices and tensor are on different devices: "
                + $"{indices.Device.Description}; {x.Device.Description}");
    }

    private static void CheckLimit(Indices indices, int tableRows)
    {
        if (indices.Limit > tableRows)
            throw new ArgumentException(
                $"indices up to {indices.Limit - 1} do not fit a table with the rows 0 to {tableRows - 1}");
    }

    /// <summary>Adds a gradient, times a number, to the gradient of an input.</summary>
    private static void PassGradient(Tensor gradient, Tensor to, Number scale)
    {
        if (!to.RequiresGradient) return;
        gradient.Device.Scale(gradient.Storage, scale, to.Slot.Target(out bool accumulate), accumulate);
    }

    /// <summary>
    /// The epilogue that makes a convolution write or add to the gradient of x. If x is the result of a ReLU, it also
    /// writes 0 where the ReLU's backward pass would; if it is a GELU's, the gradient is that of the GELU's argument,
    /// unless that has one already.
    /// </summary>
    private static Epilogue GradientEpilogue(Tensor x, out Storage<float> gradX)
    {
        if (x.GeluArgument is { Slot: { Value: null } slot } argument)
        {
            gradX = slot.Target(out _);
            return new Epilogue(Activation: Activation.Gelu, Gate: argument.Storage);
        }
        gradX = x.Slot.Target(out bool accumulate, gated: x.IsRectified);
        return new Epilogue(
            Addend: accumulate ? gradX : null, Activation: Rectifying(x.IsRectified),
            Gate: x.IsRectified ? x.Storage : null);
    }

    private static Activation Rectifying(bool relu) => relu ? Activation.Relu : Activation.None;

    /// <summary>Adds the gradient of a bias that was added to every pixel.</summary>
    private static void BiasGradient(Tensor? bias, Tensor gradY)
    {
        if (bias is not { RequiresGradient: true }) return;
        gradY.Device.ColumnSums(
            gradY.Storage, gradY.Shape.Rows, gradY.Shape.Last, bias.Slot.Target(out bool accumulate), accumulate);
    }
}
