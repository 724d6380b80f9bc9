using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Nn;

/// <summary>
/// A transposed two-dimensional convolution with its weights; see <see cref="TensorOperations.ConvTranspose2d"/>.
/// Initialised as in PyTorch: weights and bias uniform in +-1/sqrt(fan in), where fan in is out channels x kernel area.
/// </summary>
public sealed class ConvTranspose2d : Module
{
    private readonly int _stride;
    private readonly int _padding;

    /// <summary>Creates the layer with initial weights.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Height and width of the kernel.</param>
    /// <param name="initializer">Makes the initial weights.</param>
    /// <param name="stride">Output pixels from one input pixel to the next, at least 1.</param>
    /// <param name="padding">Pixels cut off at each side of the output, at least 0.</param>
    public ConvTranspose2d(
        int inChannels, int outChannels, int kernel, Initializer initializer, int stride = 1, int padding = 0)
    {
        _stride = stride;
        _padding = padding;
        float bound = 1 / MathF.Sqrt(outChannels * kernel * kernel);
        Weight = Parameter(
            "weight", initializer.Uniform([inChannels, outChannels, kernel, kernel], bound), ParameterRoles.Matrix);
        Bias = Parameter("bias", initializer.Uniform([outChannels], bound), ParameterRoles.Vector);
    }

    /// <summary><c>[in channels, out channels, kernel, kernel]</c>.</summary>
    public Tensor Weight { get; }

    /// <summary><c>[out channels]</c>.</summary>
    public Tensor Bias { get; }

    /// <summary>Computes the transposed convolution.</summary>
    /// <param name="x"><c>[batch, height, width, in channels]</c>.</param>
    /// <param name="relu">Whether a ReLU is applied to the result, in the same pass over memory.</param>
    /// <returns>
    /// <c>[batch, (height - 1) stride - 2 padding + kernel, likewise for the width, out channels]</c>.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The input has another number of channels, or the padding cuts off the whole result.
    /// </exception>
    public Tensor Forward(Tensor x, bool relu = false) => x.ConvTranspose2d(Weight, Bias, _stride, _padding, relu);
}
