using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Models;

/// <summary>The seed's <c>ResidualStack</c>: residual blocks one after the other, then a ReLU.</summary>
public sealed class ResidualStack : Module
{
    private readonly ResidualBlock[] _layers;

    /// <summary>Creates the stack; each block has weights of its own.</summary>
    /// <param name="hidden">Channels in and out.</param>
    /// <param name="residualHidden">Channels inside the blocks.</param>
    /// <param name="layers">Number of blocks.</param>
    /// <param name="initializer">Makes the first weights.</param>
    public ResidualStack(int hidden, int residualHidden, int layers, Initializer initializer)
    {
        _layers = new ResidualBlock[layers];
        for (int i = 0; i < layers; i++)
        {
            _layers[i] = Child($"_layers.{i}", new ResidualBlock(hidden, residualHidden, initializer));
        }
    }

    /// <summary><c>[batch, height, width, hidden]</c> to the same shape.</summary>
    public Tensor Forward(Tensor x)
    {
        // After every block comes a ReLU: the next one's first, or the stack's.
        foreach (ResidualBlock layer in _layers) x = layer.Forward(x, relu: true);
        return x.Relu();
    }
}
