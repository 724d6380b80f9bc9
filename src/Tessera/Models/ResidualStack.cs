using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Models;

/// <summary>
/// The reference notebook's <c>ResidualStack</c>: a sequence of residual blocks, then a ReLU, which a group
/// normalisation may precede.
/// </summary>
internal sealed class ResidualStack : Module
{
    private readonly ResidualBlock[] _layers;
    private readonly GroupNorm? _norm;

    /// <summary>Creates the stack; each block has its own weights.</summary>
    /// <param name="options">The hidden channels, those inside the blocks, the number of blocks, the groups.</param>
    /// <param name="initializer">Initializes the weights.</param>
    public ResidualStack(VqVaeOptions options, Initializer initializer)
    {
        _layers = new ResidualBlock[options.ResidualLayers];
        for (int i = 0; i < _layers.Length; i++)
            _layers[i] = Child($"_layers.{i}", new ResidualBlock(options, initializer));
        if (options.GroupNorm > 0)
            _norm = Child("_norm", new GroupNorm(options.Hidden, options.GroupNorm, initializer));
    }

    /// <summary>Maps <c>[batch, height, width, hidden]</c> to the same shape.</summary>
    public Tensor Forward(Tensor x)
    {
        // A ReLU follows every block: the first one of the next block, or that of the stack. Before normalisation the
        // sum is needed as it is.
        foreach (ResidualBlock layer in _layers) x = layer.Forward(x, relu: _norm is null);
        return _norm is null ? x.Relu() : _norm.Forward(x, relu: true);
    }
}
