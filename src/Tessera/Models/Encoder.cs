using Tessera.Tensors;
using Tessera.Tensors.Nn;

namespace Tessera.Models;

/// <summary>
/// The reference notebook's <c>Encoder</c>, for any power of two: convolutions that each halve height and width, two in
/// the notebook, one that keeps them, and a residual stack. The channels double from map to map and reach the hidden
/// channels at the lowest.
/// </summary>
/// <remarks>
/// With group normalisation, one precedes each ReLU: <c>x = relu(norm(conv(x)))</c> for the convolutions that halve;
/// the next one's is the residual stack's first. With attention, a block of it follows the stack.
/// </remarks>
internal sealed class Encoder : Module
{
    private readonly Conv2d[] _halving;
    private readonly GroupNorm[] _norms;
    private readonly Conv2d _last;
    private readonly ResidualStack _residualStack;
    private readonly SelfAttention? _attention;

    /// <summary>Creates the encoder.</summary>
    public Encoder(VqVaeOptions options, Initializer initializer)
    {
        int maps = options.Maps, channels = options.Channels;
        _halving = new Conv2d[maps];
        _norms = new GroupNorm[options.GroupNorm > 0 ? maps : 0];
        for (int i = 0; i < maps; i++)
        {
            int wider = options.Hidden >> (maps - 1 - i);
            _halving[i] =
                Child($"_conv_{i + 1}", new Conv2d(channels, wider, 4, initializer, stride: 2, padding: 1));
            if (_norms.Length > 0)
                _norms[i] = Child($"_norm_{i + 1}", new GroupNorm(wider, options.GroupNorm, initializer));
            channels = wider;
        }
        _last = Child($"_conv_{maps + 1}", new Conv2d(channels, channels, 3, initializer, padding: 1));
        _residualStack = Child("_residual_stack", new ResidualStack(options, initializer));
        if (options.Attention > 0)
            _attention = Child("_attention", new SelfAttention(channels, options.Attention, initializer));
    }

    /// <summary>
    /// Maps <c>[batch, height, width, channels]</c> to <c>[batch, height / stride, width / stride, hidden]</c>.
    /// </summary>
    public Tensor Forward(Tensor images)
    {
        Tensor x = images;
        for (int i = 0; i < _halving.Length; i++)
        {
            x = _norms.Length > 0
                ? _norms[i].Forward(_halving[i].Forward(x), relu: true)
                : _halving[i].Forward(x, relu: true);
        }
        x = _residualStack.Forward(_last.Forward(x, relu: _norms.Length == 0));
        return _attention is null ? x : _attention.Forward(x);
    }
}
