using Tessera.Tensors;
using Tessera.Tensors.Nn;

namespace Tessera.Models;

/// <summary>
/// The seed's <c>ResidualStack</c>: residual blocks one after the other, then a ReLU. The first ReLU of all is applied by
/// what comes before; see <see cref="ResidualBlock"/>.
/// </summary>
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

    /// <summary><c>[batch, height, width, hidden]</c>, the result of a ReLU, to the same shape, likewise.</summary>
    public Tensor Forward(Tensor h)
    {
        foreach (ResidualBlock layer in _layers) h = layer.Forward(h);
        return h;
    }
}
