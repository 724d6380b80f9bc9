using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Models;

/// <summary>The reference notebook's <c>ResidualStack</c>: a sequence of residual blocks, then a ReLU.</summary>
internal sealed class ResidualStack : Module
{
    private readonly ResidualBlock[] _layers;

    /// <summary>Creates the stack; each block has its own weights.</summary>
    /// <param name="hidden">Channels in and out.</param>
    /// <param name="residualHidden">Channels inside the blocks.</param>
    /// <param name="layers">Number of blocks.</param>
    /// <param name="initializer">Initializes the weights.</param>
    public ResidualStack(int hidden, int residualHidden, int layers, Initializer initializer)
    {
        _layers = new ResidualBlock[layers];
        for (int i = 0; i < layers; i++)
        {
            _layers[i] = Child($"_layers.{i}", new ResidualBlock(hidden, residualHidden, initializer));
        }
    }

    /// <summary>Maps <c>[batch, height, width, hidden]</c> to the same shape.</summary>
    public Tensor Forward(Tensor x)
    {
        // A ReLU follows every block: the first one of the next block, or that of the stack.
        foreach (ResidualBlock layer in _layers) x = layer.Forward(x, relu: true);
        return x.Relu();
    }
}
