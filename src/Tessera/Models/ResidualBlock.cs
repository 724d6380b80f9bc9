using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Models;

/// <summary>
/// The reference notebook's <c>Residual</c>: <c>h = relu(x)</c>, <c>y = h + W2 * relu(W1 * h)</c>, with W1 a 3x3 and W2
/// a 1x1 convolution, both without bias. (In He et al. 2016 the skip connection carries x. The reference notebook's
/// first ReLU works in place, so its skip carries relu(x).)
/// </summary>
/// <remarks>
/// With group normalisation it is the block of He et al. 2016 ("Identity Mappings"), as in VQGAN (Esser et al. 2021):
/// <c>y = x + W2 * relu(norm2(W1 * relu(norm1(x))))</c>.
/// </remarks>
internal sealed class ResidualBlock : Module
{
    private readonly GroupNorm? _norm1, _norm2;
    private readonly Conv2d _conv3x3;
    private readonly Conv2d _conv1x1;

    /// <summary>Creates the block.</summary>
    /// <param name="options">
    /// The hidden channels, in and out; the residual hidden ones, between the two convolutions; the groups.
    /// </param>
    /// <param name="initializer">Initializes the weights.</param>
    public ResidualBlock(VqVaeOptions options, Initializer initializer)
    {
        (int hidden, int inner, int groups) = (options.Hidden, options.ResidualHidden, options.GroupNorm);
        if (groups > 0) _norm1 = Child("_norm_1", new GroupNorm(hidden, groups, initializer));
        // The reference notebook's block is a Sequential of ReLU, convolution, ReLU, convolution; these are its entries
        // 1 and 3.
        _conv3x3 = Child("_block.1", new Conv2d(hidden, inner, 3, initializer, padding: 1, bias: false));
        if (groups > 0) _norm2 = Child("_norm_2", new GroupNorm(inner, groups, initializer));
        _conv1x1 = Child("_block.3", new Conv2d(inner, hidden, 1, initializer, bias: false));
    }

    /// <summary>Maps <c>[batch, height, width, hidden]</c> to the same shape.</summary>
    /// <param name="x">The input. If it is the result of a ReLU, the block's first ReLU costs nothing.</param>
    /// <param name="relu">Whether to apply the following ReLU to y in the same pass over memory.</param>
    public Tensor Forward(Tensor x, bool relu = false)
    {
        if (_norm1 is not null && _norm2 is not null)
        {
            Tensor normal = _norm2.Forward(_conv3x3.Forward(_norm1.Forward(x, relu: true)), relu: true);
            return _conv1x1.Forward(normal, addend: x, relu);
        }
        Tensor h = x.Relu();
        return _conv1x1.Forward(_conv3x3.Forward(h, relu: true), addend: h, relu);
    }
}
