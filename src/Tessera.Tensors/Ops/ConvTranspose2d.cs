using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Transposed two-dimensional convolution (PyTorch's <c>ConvTranspose2d</c>), the transpose of <see cref="Conv2d"/>
    /// as a linear map: <c>y[n,h,w,o] = b[o] + sum over c,u,v of weight[c,o,u,v] * x[n,i,j,c]</c> over all i, j with
    /// <c>i*stride + u - padding = h</c> and <c>j*stride + v - padding = w</c>.
    /// Backward: <c>dx</c> is the convolution of dy with the same weights; <c>dw</c> is the weight gradient of that
    /// convolution with x and dy swapped; <c>db[o] = sum over n,h,w of dy[n,h,w,o]</c>.
    /// </summary>
    /// <param name="x"><c>[batch, height, width, in channels]</c>.</param>
    /// <param name="weight"><c>[in channels, out channels, kernel height, kernel width]</c>: PyTorch's IOHW.</param>
    /// <param name="bias"><c>[out channels]</c>, or null for none.</param>
    /// <param name="stride">Output pixels from one input pixel to the next, at least 1.</param>
    /// <param name="padding">Pixels cut off at each side of the output, at least 0.</param>
    /// <param name="relu">
    /// Whether a ReLU is applied to the result; dy is then taken as 0 where y is not above 0.
    /// </param>
    /// <returns>
    /// <c>[batch, (height - 1) stride - 2 padding + kernel height, likewise for the width, out channels]</c>.
    /// </returns>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static Tensor ConvTranspose2d(
        this Tensor x, Tensor weight, Tensor? bias, int stride, int padding, bool relu = false)
    {
        Conv2dGeometry geometry = Conv2dShapes.Transposed(x.Shape, weight.Shape, bias?.Shape, stride, padding);
        Shape shape = [geometry.Batch, geometry.InHeight, geometry.InWidth, geometry.InChannels];
        Tensor y = Tape.Result(shape, x, weight, bias);
        y.IsRectified = relu;
        Device device = y.Device;
        device.Conv2dTransposed(
            geometry, x.Storage, weight.Storage, new Epilogue(bias?.Storage, Activation: Rectifying(relu)),
            y.Storage);
        return Tape.Record(y, gradY =>
        {
            if (relu) y.Slot.Gate();
            if (x.RequiresGradient)
                device.Conv2d(
                    geometry, gradY.Storage, weight.Storage, GradientEpilogue(x, out Storage<float> gradX), gradX);
            if (weight.RequiresGradient)
                device.Conv2dWeightGradient(
                    geometry, gradY.Storage, x.Storage, weight.Slot.Target(out bool accumulate), accumulate,
                    gradBias: null, accumulateBias: false);
            BiasGradient(bias, gradY);
        });
    }
}
