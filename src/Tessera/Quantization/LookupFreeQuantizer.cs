using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>The options of a <see cref="LookupFreeQuantizer"/>.</summary>
public sealed record LookupFreeQuantizerOptions : BitOptions
{
    internal const string KindName = "lfq";

    /// <summary>Creates options with the default values.</summary>
    public LookupFreeQuantizerOptions() => Entropy = 0.02f;

    /// <summary>The weight of the loss term that keeps encoder outputs near their codes, at least 0.</summary>
    public float Commitment { get; init; } = 0.05f;

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override string Summary => "signs (LFQ)";

    /// <inheritdoc/>
    public override Quantizer Create(int codes, int codeDim, Initializer initializer, int level = 0) =>
        new LookupFreeQuantizer(codes, this, initializer, level);

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ThrowUnless(
            Commitment >= 0 && float.IsFinite(Commitment),
            nameof(Commitment), $"must be a number of at least 0, not {Commitment}");
    }
}

/// <summary>
/// LFQ, lookup-free quantization (Yu et al., "Language Model Beats Diffusion - Tokenizer is Key to Visual Generation",
/// 2023, section 3.1): <c>e = sign(z)</c>. The loss is <c>commitment |z - e|^2</c> and the entropy terms of
/// <see cref="BitQuantizer"/>, with the logit <c>4 z</c> of each bit: the difference of the squared distances to both
/// signs. At level i of a residual quantizer e and z are taken 2^i times as large for it.
/// </summary>
public sealed class LookupFreeQuantizer : BitQuantizer
{
    private readonly float _commitment;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="codes">Codes, a power of two.</param>
    /// <param name="options">The quantizer's options.</param>
    /// <param name="initializer">Names the device.</param>
    /// <param name="level">The level in a residual quantizer, from 0: codes are 2^-level times as large.</param>
    public LookupFreeQuantizer(int codes, LookupFreeQuantizerOptions options, Initializer initializer, int level = 0)
        : base(codes, options, MathF.ScaleB(1, -level), MathF.ScaleB(4, level), initializer) =>
        _commitment = options.Commitment;

    /// <inheritdoc/>
    protected override Tensor Loss(Tensor u, Tensor e, bool training) =>
        base.Loss(u, e, training).Add(e.MutualSquaredError(u, xWeight: 0, yWeight: _commitment));
}
