using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// A linear map of each row (PyTorch's <c>Linear</c>): <c>y[r,o] = b[o] + sum over i of w[o,i] x[r,i]</c>. It is
    /// the convolution of 1 x 1 pixels. The same pass over memory can add a tensor and then apply a GELU.
    /// Backward: <c>dx[r,i] = sum over o of w[o,i] dy[r,o]</c>, <c>dw[o,i] = sum over r of dy[r,o] x[r,i]</c>,
    /// <c>db[o] = sum over r of dy[r,o]</c>.
    /// </summary>
    /// <param name="x">Any shape with the inputs innermost.</param>
    /// <param name="weight"><c>[outputs, inputs]</c>.</param>
    /// <param name="bias"><c>[outputs]</c>, or null for none.</param>
    /// <param name="addend">Added to the result; has its shape, or null for none. Its gradient is dy.</param>
    /// <param name="gelu">Whether a <see cref="Gelu"/> is applied to the sum.</param>
    /// <returns>The shape of x with the outputs innermost.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static Tensor Linear(
        this Tensor x, Tensor weight, Tensor? bias = null, Tensor? addend = null, bool gelu = false)
    {
        if (x.Shape.Rank < 1 || weight.Shape.Rank != 2 || weight.Shape[1] != x.Shape.Last)
            throw new ArgumentException($"weights {weight.Shape} do not map rows of the input {x.Shape}");
        int outputs = weight.Shape[0];
        if (bias is not null) CheckShape(bias, [outputs]);
        Shape shape = x.Shape.WithoutLast().WithRows(outputs);
        var geometry = new Conv2dGeometry(1, x.Shape.Rows, 1, x.Shape.Last, x.Shape.Rows, 1, outputs, 1, 1, 1, 0);
        if (!gelu) return Convolve(x, weight, bias, geometry, shape, addend, relu: false);
        if (addend is not null) CheckShape(addend, shape);
        Tensor y = Tape.Result(shape, x, weight, bias, addend);
        // The backward pass needs the argument.
        Tensor? argument = y.RequiresGradient ? Tape.Result(shape, x, weight, bias, addend) : null;
        y.Device.Conv2d(
            geometry, x.Storage, weight.Storage,
            new Epilogue(bias?.Storage, addend?.Storage, Activation.Gelu, Argument: argument?.Storage), y.Storage);
        return argument is null
            ? y
            : RecordGelu(y, RecordConvolution(argument, x, weight, bias, geometry, addend));
    }
}
