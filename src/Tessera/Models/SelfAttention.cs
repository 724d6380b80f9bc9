using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Models;

/// <summary>
/// Self-attention of all cells of a map with each other (Vaswani et al. 2017), with a skip connection and the
/// normalisation before it (Xiong et al. 2020): <c>y = x + proj(attention(qkv(norm(x))))</c>, norm a layer
/// normalisation of each cell's channels. VQGAN (Esser et al. 2021) has such blocks at its lowest map. The block knows
/// no positions: the convolutions around it, which see the map's edges, do.
/// </summary>
internal sealed class SelfAttention : Module
{
    private readonly int _heads;
    private readonly LayerNorm _norm;
    private readonly Linear _qkv, _proj;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Channels in and out.</param>
    /// <param name="heads">The number of heads, a divisor of the channels.</param>
    /// <param name="initializer">Initializes the weights.</param>
    public SelfAttention(int channels, int heads, Initializer initializer)
    {
        _heads = heads;
        // The variance that the convolutions' weights have: uniform in +-1/sqrt(fan in).
        float deviation = 1 / MathF.Sqrt(3 * channels);
        _norm = Child("norm", new LayerNorm(channels, initializer));
        _qkv = Child("qkv", new Linear(channels, 3 * channels, initializer, deviation, bias: false));
        _proj = Child("proj", new Linear(channels, channels, initializer, deviation));
    }

    /// <summary>Maps <c>[batch, height, width, channels]</c> to the same shape.</summary>
    public Tensor Forward(Tensor x)
    {
        (int batch, int cells, int channels) = (x.Shape[0], x.Shape[1] * x.Shape[2], x.Shape[3]);
        Tensor projections = _qkv.Forward(_norm.Forward(x)).Reshape([batch, cells, 3 * channels]);
        Tensor attended = projections.Attention(_heads, causal: false).Reshape(x.Shape);
        return _proj.Forward(attended, addend: x);
    }
}
