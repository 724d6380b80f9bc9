using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>The common part of the reference notebook's two quantizers. Latents are NCHW.</summary>
internal abstract class ReferenceQuantizer(MemoryLayout layout)
{
    public const int Codes = 512, CodeDim = 64;
    protected const float Commitment = 0.25f;

    /// <summary>The codebook <c>[codes, codeDim]</c>.</summary>
    public abstract Tensor Table { get; }

    /// <summary>The quantizer's loss, and the quantized latents with the straight-through gradient.</summary>
    public (Tensor Loss, Tensor Quantized) Quantize(Tensor latents, bool training)
    {
        Tensor inputs = latents.permute(0, 2, 3, 1).contiguous(), flat = inputs.view(-1, CodeDim);
        Tensor indices = Nearest(flat, Table).unsqueeze(1);
        Tensor encodings = zeros(flat.shape[0], Codes).scatter_(1, indices, ones_like(indices, ScalarType.Float32));
        (Tensor loss, Tensor quantized) = Quantize(inputs, flat, encodings, training);
        Tensor straight = inputs + (quantized - inputs).detach();
        // The reference notebook computes the perplexity at every step.
        Tensor average = encodings.mean([0]);
        _ = exp(-(average * log(average + 1e-10)).sum());
        return (loss, layout.FromNhwc(straight));
    }

    /// <summary>The quantized latents of codes, NCHW.</summary>
    public Tensor Lookup(Tensor codes, int batch, int side) =>
        layout.FromNhwc(Table.index_select(0, codes).view(batch, side, side, CodeDim));

    /// <summary>
    /// The reference notebook's search: all squared distances by the expanded square, then the minimum of each row.
    /// </summary>
    public static Tensor Nearest(Tensor flat, Tensor table)
    {
        Tensor distances = flat.square().sum(1, keepdim: true) + table.square().sum(1) - 2 * matmul(flat, table.t());
        return distances.argmin(1);
    }

    protected abstract (Tensor Loss, Tensor Quantized) Quantize(
        Tensor inputs, Tensor flat, Tensor encodings, bool training);
}

/// <summary>The codebook trained by gradients.</summary>
internal sealed class GradientQuantizer(FirstWeights weights) : ReferenceQuantizer(weights.Layout)
{
    public override Tensor Table { get; } = weights.Codebook(Codes, CodeDim);

    protected override (Tensor Loss, Tensor Quantized) Quantize(
        Tensor inputs, Tensor flat, Tensor encodings, bool training)
    {
        Tensor quantized = matmul(encodings, Table).view(inputs.shape);
        Tensor commitment = functional.mse_loss(quantized.detach(), inputs);
        return (functional.mse_loss(quantized, inputs.detach()) + Commitment * commitment, quantized);
    }
}

/// <summary>The codebook of exponential moving averages.</summary>
internal sealed class EmaQuantizer(FirstWeights weights) : ReferenceQuantizer(weights.Layout)
{
    private const float Decay = 0.99f, Epsilon = 1e-5f;

    private readonly Tensor _sizes = zeros(Codes), _sums = weights.Normal(Codes, CodeDim);

    public override Tensor Table { get; } = weights.Normal(Codes, CodeDim);

    protected override (Tensor Loss, Tensor Quantized) Quantize(
        Tensor inputs, Tensor flat, Tensor encodings, bool training)
    {
        Tensor quantized = matmul(encodings, Table).view(inputs.shape).detach();
        if (training) Learn(flat.detach(), encodings);
        return (Commitment * functional.mse_loss(quantized, inputs), quantized);
    }

    private void Learn(Tensor flat, Tensor encodings)
    {
        using IDisposable _ = no_grad();
        // [0]: a plain 0 would be taken for a ScalarType (bytes), not an axis.
        Tensor sizes = _sizes * Decay + (1 - Decay) * encodings.sum([0]);
        Tensor total = sizes.sum();
        sizes = (sizes + Epsilon) / (total + Codes * Epsilon) * total;
        _sizes.copy_(sizes);
        _sums.copy_(_sums * Decay + (1 - Decay) * matmul(encodings.t(), flat));
        Table.copy_(_sums / sizes.unsqueeze(1));
    }
}
