using Tessera.Tensors;
using Tessera.Tensors.Nn;

namespace Tessera.Models;

/// <summary>
/// The reference notebook's <c>Decoder</c>: a convolution, a residual stack, and two transposed convolutions that each
/// double height and width.
/// </summary>
internal sealed class Decoder : Module
{
    private readonly Conv2d _conv1;
    private readonly ResidualStack _residualStack;
    private readonly ConvTranspose2d _convTranspose1;
    private readonly ConvTranspose2d _convTranspose2;

    /// <summary>Creates the decoder.</summary>
    public Decoder(VqVaeOptions options, Initializer initializer)
    {
        int hidden = options.Hidden;
        _conv1 = Child("_conv_1", new Conv2d(options.CodeDim, hidden, 3, initializer, padding: 1));
        _residualStack = Child("_residual_stack",
            new ResidualStack(hidden, options.ResidualHidden, options.ResidualLayers, initializer));
        _convTranspose1 = Child("_conv_trans_1",
            new ConvTranspose2d(hidden, hidden / 2, 4, initializer, stride: 2, padding: 1));
        _convTranspose2 = Child("_conv_trans_2",
            new ConvTranspose2d(hidden / 2, options.Channels, 4, initializer, stride: 2, padding: 1));
    }

    /// <summary>Maps <c>[batch, height, width, code dim]</c> to <c>[batch, 4 height, 4 width, channels]</c>.</summary>
    public Tensor Forward(Tensor quantized)
    {
        Tensor x = _conv1.Forward(quantized, relu: true);
        x = _residualStack.Forward(x);
        x = _convTranspose1.Forward(x, relu: true);
        return _convTranspose2.Forward(x);
    }
}
