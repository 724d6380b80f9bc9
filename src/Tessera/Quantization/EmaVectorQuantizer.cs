using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>The options of an <see cref="EmaVectorQuantizer"/>; the defaults are the reference notebook's.</summary>
public sealed record EmaVectorQuantizerOptions : RunningAverageOptions
{
    internal const string KindName = "ema";

    /// <summary>The initialization of the running averages, if the codebook starts at random.</summary>
    public EmaStart AveragesStart { get; init; }

    /// <summary>
    /// Whether the smoothed sizes replace the running sizes, as in the reference notebook: each update then moves every
    /// size towards the mean. Otherwise only the divisor is smoothed.
    /// </summary>
    public bool KeepSmoothing { get; init; } = true;

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override string Summary => FormattableString.Invariant($"running averages (decay {Decay})");

    /// <inheritdoc/>
    public override Quantizer Create(int codes, int codeDim, Initializer initializer, int level = 0) =>
        new EmaVectorQuantizer(codes, codeDim, this, initializer);

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ThrowUnless(
            Enum.IsDefined(AveragesStart),
            nameof(AveragesStart),
            $"must be one of {string.Join(", ", Enum.GetNames<EmaStart>())}, not {AveragesStart}");
    }
}

/// <summary>
/// A quantizer whose codes are exponential moving averages of the vectors assigned to them (van den Oord et al. 2017,
/// appendix A.1; the reference notebook's <c>VectorQuantizerEMA</c>): <c>e[k] = m[k] / N'[k]</c> with Laplace-smoothed
/// sizes <c>N'[k] = (N[k] + epsilon) / (n + K epsilon) * n</c>, n being the sum of N. The loss is only the commitment
/// term, <c>commitment * |z - sg[e]|^2</c>.
/// </summary>
public sealed class EmaVectorQuantizer : RunningAverageQuantizer
{
    private const double Epsilon = 1e-5f;

    private readonly Tensor _smoothed;

    /// <summary>Creates the quantizer; its codes start with standard normal elements.</summary>
    /// <param name="codes">Codes in the codebook.</param>
    /// <param name="codeDim">Dimensions of a code.</param>
    /// <param name="options">The quantizer's options.</param>
    /// <param name="initializer">Initializes the codebook and the sums.</param>
    public EmaVectorQuantizer(int codes, int codeDim, EmaVectorQuantizerOptions options, Initializer initializer)
        : base(codes, codeDim, options, initializer)
    {
        _smoothed = options.KeepSmoothing ? ClusterSizes : Workspace(initializer.Zeros([codes]));
        if (options.AveragesStart == EmaStart.Codebook) Start(Codes, vectorsPerCode: 1);
    }

    /// <inheritdoc/>
    protected override void Follow()
    {
        ClusterSizes.SmoothSizes(Epsilon, _smoothed);
        Sums.DivideRows(_smoothed, Codes);
    }
}
