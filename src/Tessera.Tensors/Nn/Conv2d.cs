using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Nn;

/// <summary>
/// A two-dimensional convolution with its weights; see <see cref="TensorOperations.Conv2d"/>. Initialised as in
/// PyTorch: weights and bias uniform in +-1/sqrt(fan in) (Kaiming uniform with a = sqrt 5; He et al. 2015), where fan
/// in is in channels x kernel area.
/// </summary>
public sealed class Conv2d : Module
{
    private readonly int _stride;
    private readonly int _padding;

    /// <summary>Creates the layer with initial weights.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Height and width of the kernel.</param>
    /// <param name="initializer">Makes the initial weights.</param>
    /// <param name="stride">Input pixels from one output pixel to the next, at least 1.</param>
    /// <param name="padding">Zero pixels around the input, at least 0.</param>
    /// <param name="bias">Whether a bias is added.</param>
    public Conv2d(
        int inChannels, int outChannels, int kernel, Initializer initializer,
        int stride = 1, int padding = 0, bool bias = true)
    {
        _stride = stride;
        _padding = padding;
        float bound = 1 / MathF.Sqrt(inChannels * kernel * kernel);
        Weight = Parameter(
            "weight", initializer.Uniform([outChannels, inChannels, kernel, kernel], bound), ParameterRoles.Matrix);
        if (bias)
            Bias = Parameter("bias", initializer.Uniform([outChannels], bound), ParameterRoles.Vector);
    }

    /// <summary><c>[out channels, in channels, kernel, kernel]</c>.</summary>
    public Tensor Weight { get; }

    /// <summary><c>[out channels]</c>, or null.</summary>
    public Tensor? Bias { get; }

    /// <summary>Convolves.</summary>
    /// <param name="x"><c>[batch, height, width, in channels]</c>.</param>
    /// <param name="addend">Added to the result; has its shape, or null for none.</param>
    /// <param name="relu">Whether a ReLU is applied to the sum, in the same pass over memory.</param>
    /// <returns>
    /// <c>[batch, (height + 2 padding - kernel) / stride + 1, likewise for the width, out channels]</c>.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The input has another number of channels, or is smaller than the kernel.
    /// </exception>
    public Tensor Forward(Tensor x, Tensor? addend = null, bool relu = false) =>
        x.Conv2d(Weight, Bias, _stride, _padding, addend, relu);
}
