using Tessera.Tensors;
using Tessera.Tensors.Nn;

namespace Tessera.Models;

/// <summary>
/// The reference notebook's <c>Decoder</c>, for any power of two: a convolution, a residual stack, and transposed
/// convolutions that each double height and width, two in the notebook. The channels halve from map to map.
/// </summary>
/// <remarks>
/// With group normalisation, one precedes each ReLU: <c>x = relu(norm(conv(x)))</c> for all transposed convolutions but
/// the last, which has no ReLU. With attention, a block of it precedes the residual stack.
/// </remarks>
internal sealed class Decoder : Module
{
    private readonly Conv2d _first;
    private readonly SelfAttention? _attention;
    private readonly ResidualStack _residualStack;
    private readonly ConvTranspose2d[] _doubling;
    private readonly GroupNorm[] _norms;
    private readonly bool _normalizes;

    /// <summary>Creates the decoder.</summary>
    public Decoder(VqVaeOptions options, Initializer initializer)
    {
        int maps = options.Maps, channels = options.Hidden;
        _normalizes = options.GroupNorm > 0;
        _first = Child("_conv_1", new Conv2d(options.CodeDim, channels, 3, initializer, padding: 1));
        if (options.Attention > 0)
            _attention = Child("_attention", new SelfAttention(channels, options.Attention, initializer));
        _residualStack = Child("_residual_stack", new ResidualStack(options, initializer));
        _doubling = new ConvTranspose2d[maps];
        _norms = new GroupNorm[_normalizes ? maps - 1 : 0];
        for (int i = 0; i < maps; i++)
        {
            int narrower = i < maps - 1 ? channels / 2 : options.Channels;
            _doubling[i] = Child(
                $"_conv_trans_{i + 1}",
                new ConvTranspose2d(channels, narrower, 4, initializer, stride: 2, padding: 1));
            if (i < _norms.Length)
                _norms[i] = Child($"_norm_{i + 1}", new GroupNorm(narrower, options.GroupNorm, initializer));
            channels = narrower;
        }
    }

    /// <summary>
    /// Maps <c>[batch, height, width, code dim]</c> to <c>[batch, stride height, stride width, channels]</c>.
    /// </summary>
    public Tensor Forward(Tensor quantized)
    {
        // The ReLU is the residual stack's first.
        Tensor x = _first.Forward(quantized, relu: !_normalizes && _attention is null);
        if (_attention is not null) x = _attention.Forward(x);
        x = _residualStack.Forward(x);
        for (int i = 0; i < _doubling.Length - 1; i++)
        {
            x = _normalizes
                ? _norms[i].Forward(_doubling[i].Forward(x), relu: true)
                : _doubling[i].Forward(x, relu: true);
        }
        return _doubling[^1].Forward(x);
    }
}
