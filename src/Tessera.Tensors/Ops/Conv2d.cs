using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Two-dimensional convolution (cross-correlation, as in PyTorch's <c>Conv2d</c>):
    /// <c>y[n,i,j,o] = b[o] + sum over c,u,v of w[o,c,u,v] * x[n, i*stride+u-padding, j*stride+v-padding, c]</c>,
    /// where x is 0 outside. The same pass over memory can add a tensor and then apply a ReLU.
    /// Backward: <c>dx</c> is the transposed convolution of dy with w,
    /// <c>dw[o,c,u,v] = sum over n,i,j of dy[n,i,j,o] * x[n, i*stride + u - padding, j*stride + v - padding, c]</c>,
    /// <c>db[o] = sum over n,i,j of dy[n,i,j,o]</c>.
    /// </summary>
    /// <param name="x"><c>[batch, height, width, in channels]</c>.</param>
    /// <param name="weight"><c>[out channels, in channels, kernel height, kernel width]</c>: PyTorch's OIHW.</param>
    /// <param name="bias"><c>[out channels]</c>, or null for none.</param>
    /// <param name="stride">Input pixels from one output pixel to the next, at least 1.</param>
    /// <param name="padding">Zero pixels around the input, at least 0.</param>
    /// <param name="addend">Added to the result; has its shape, or null for none. Its gradient is dy.</param>
    /// <param name="relu">Whether a ReLU is applied to the sum; dy is then taken as 0 where y is not above 0.</param>
    /// <returns>
    /// <c>[batch, (height + 2 padding - kernel height) / stride + 1, likewise for the width, out channels]</c>.
    /// </returns>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static Tensor Conv2d(
        this Tensor x, Tensor weight, Tensor? bias, int stride, int padding, Tensor? addend = null, bool relu = false)
    {
        Conv2dGeometry geometry = Conv2dShapes.Convolution(x.Shape, weight.Shape, bias?.Shape, stride, padding);
        return Convolve(
            x, weight, bias, geometry, [geometry.Batch, geometry.OutHeight, geometry.OutWidth, geometry.OutChannels],
            addend, relu);
    }

    /// <summary>A convolution whose sizes are checked, with a result of this shape.</summary>
    private static Tensor Convolve(
        Tensor x, Tensor weight, Tensor? bias, Conv2dGeometry geometry, Shape shape, Tensor? addend, bool relu)
    {
        if (addend is not null) CheckShape(addend, shape);
        Tensor y = Tape.Result(shape, x, weight, bias, addend);
        y.IsRectified = relu;
        y.Device.Conv2d(
            geometry, x.Storage, weight.Storage, new Epilogue(bias?.Storage, addend?.Storage, Rectifying(relu)),
            y.Storage);
        return RecordConvolution(y, x, weight, bias, geometry, addend);
    }

    /// <summary>Records the backward pass of a convolution.</summary>
    private static Tensor RecordConvolution(
        Tensor y, Tensor x, Tensor weight, Tensor? bias, Conv2dGeometry geometry, Tensor? addend)
    {
        Device device = y.Device;
        return Tape.Record(y, gradY =>
        {
            if (y.IsRectified) y.Slot.Gate();
            if (x.RequiresGradient)
                device.Conv2dTransposed(
                    geometry, gradY.Storage, weight.Storage, GradientEpilogue(x, out Storage<float> gradX), gradX);
            if (weight.RequiresGradient)
            {
                bool accumulateBias = false;
                Storage<float>? gradBias =
                    bias is { RequiresGradient: true } ? bias.Slot.Target(out accumulateBias) : null;
                device.Conv2dWeightGradient(
                    geometry, x.Storage, gradY.Storage, weight.Slot.Target(out bool accumulate), accumulate,
                    gradBias, accumulateBias);
            }
            else
            {
                BiasGradient(bias, gradY);
            }
            addend?.Slot.Take(y);
        });
    }
}
