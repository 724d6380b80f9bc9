using Tessera.Tensors;
using Tessera.Tensors.Nn;

namespace Tessera.Models;

/// <summary>
/// The reference notebook's <c>Encoder</c>: two convolutions that each halve height and width, one that keeps them, and
/// a residual stack.
/// </summary>
internal sealed class Encoder : Module
{
    /// <summary>
    /// The strides of the two first convolutions together: pixels per latent vector in each direction.
    /// </summary>
    internal const int PixelsPerCode = 2 * 2;

    private readonly Conv2d _conv1;
    private readonly Conv2d _conv2;
    private readonly Conv2d _conv3;
    private readonly ResidualStack _residualStack;

    /// <summary>Creates the encoder.</summary>
    public Encoder(VqVaeOptions options, Initializer initializer)
    {
        int hidden = options.Hidden;
        _conv1 = Child("_conv_1", new Conv2d(options.Channels, hidden / 2, 4, initializer, stride: 2, padding: 1));
        _conv2 = Child("_conv_2", new Conv2d(hidden / 2, hidden, 4, initializer, stride: 2, padding: 1));
        _conv3 = Child("_conv_3", new Conv2d(hidden, hidden, 3, initializer, padding: 1));
        _residualStack = Child("_residual_stack",
            new ResidualStack(hidden, options.ResidualHidden, options.ResidualLayers, initializer));
    }

    /// <summary>
    /// Maps <c>[batch, height, width, channels]</c> to <c>[batch, height / 4, width / 4, hidden]</c>.
    /// </summary>
    public Tensor Forward(Tensor images)
    {
        Tensor x = _conv1.Forward(images, relu: true);
        x = _conv2.Forward(x, relu: true);
        x = _conv3.Forward(x, relu: true);
        return _residualStack.Forward(x);
    }
}
