using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Priors;

/// <summary>
/// A pre-norm transformer block (Vaswani et al. 2017; Xiong et al. 2020 for the order):
/// <c>x = x + proj(attention(qkv(norm1(x))))</c>, then <c>x = x + down(gelu(up(norm2(x))))</c>.
/// </summary>
internal sealed class PriorBlock : Module
{
    // The inner width of the second branch, as in Vaswani et al. 2017.
    public const int Expansion = 4;

    private readonly int _heads;
    private readonly LayerNorm _norm1, _norm2;
    private readonly Linear _qkv, _proj, _up, _down;
    private readonly PriorDropout _attentionDropout, _mlpDropout;

    public PriorBlock(CodePriorOptions options, Initializer initializer, Func<PriorDropout> newDropout)
    {
        int width = options.Width;
        _heads = options.Heads;
        float deviation = CodePrior.Deviation, last = deviation / MathF.Sqrt(2 * options.Layers);
        _norm1 = Child("norm1", new LayerNorm(width, initializer));
        _qkv = Child("qkv", new Linear(width, 3 * width, initializer, deviation, bias: false));
        _proj = Child("proj", new Linear(width, width, initializer, last));
        _norm2 = Child("norm2", new LayerNorm(width, initializer));
        _up = Child("up", new Linear(width, Expansion * width, initializer, deviation));
        _down = Child("down", new Linear(Expansion * width, width, initializer, last));
        (_attentionDropout, _mlpDropout) = (newDropout(), newDropout());
    }

    /// <summary>All positions of sequences at once, <c>[batch, length, width]</c>.</summary>
    public Tensor Forward(Tensor x)
    {
        Tensor projections = _qkv.Forward(_norm1.Forward(x));
        return Finish(x, projections.Attention(_heads, causal: true));
    }

    /// <summary>One position of each sequence, <c>[batch, 1, width]</c>, after those in the cache.</summary>
    /// <param name="x">The position's input to this block.</param>
    /// <param name="cache">The projections of the positions before, <c>[batch, length, 3 width]</c>; changed.</param>
    /// <param name="rows">The rows of this position in the cache, <c>[batch]</c>.</param>
    /// <param name="position">The position.</param>
    public Tensor Next(Tensor x, Tensor cache, Indices rows, int position)
    {
        Tensor projections = _qkv.Forward(_norm1.Forward(x));
        cache.Reshape([cache.Shape[0] * cache.Shape[1], cache.Shape[2]]).ScatterRows(rows, projections);
        Tensor attended = x.Tape!.Allocate(x.Shape);
        cache.CausalAttention(_heads, position, attended);
        return Finish(x, attended);
    }

    private Tensor Finish(Tensor x, Tensor attended)
    {
        x = _attentionDropout.AddTo(x, _proj, attended);
        return _mlpDropout.AddTo(x, _down, _up.Forward(_norm2.Forward(x), gelu: true));
    }
}
