using Tessera.Tensors.Devices.Cpu.Simd.Winograd;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>The algorithms for a convolution's passes.</summary>
internal enum ConvolutionAlgorithm
{
    /// <summary>Every multiplication of the formula: <see cref="CorrelationKernel{TSimd,TVector}"/>.</summary>
    Direct,

    /// <summary>
    /// Every multiplication, source pixel by source pixel: <see cref="ScatterKernel{TSimd,TVector}"/>.
    /// </summary>
    Scatter,

    /// <summary>Minimal filtering for kernels of 3 x 3, stride 1.</summary>
    WinogradF4x3,

    /// <summary>
    /// Minimal filtering for kernels of 2 x 2, and for kernels of 4 x 4 with stride 2 as four of these.
    /// </summary>
    WinogradF4x2,
}

/// <summary>
/// Chooses the algorithm for a correlation: the one with the lowest estimated time per image, from its multiply-adds
/// and the other floats it touches.
/// </summary>
/// <remarks>
/// The choice depends on the sizes of an image alone, not on the batch, so an image gives the same bits in any batch.
/// The transforms of the weights, which are computed once a batch, are not counted.
/// </remarks>
/// <param name="forced">One of <see cref="Names"/>, or null for the fastest by estimate.</param>
internal sealed class ConvolutionChoice(string? forced)
{
    // Measured at the reference notebook's sizes, in multiply-adds: the time for a float of a transformed tile, and for
    // a float added to the destination.
    private const double TransformCost = 12, ScatterCost = 16;

    /// <summary>The algorithms that can be forced.</summary>
    public static IReadOnlyList<string> Names { get; } = ["direct", "winograd"];

    /// <summary>How convolutions are chosen: one of <see cref="Names"/>, or "fastest".</summary>
    public string Rule => forced ?? "fastest";

    /// <summary>The algorithm for a convolution or a transposed convolution.</summary>
    public ConvolutionAlgorithm ForResult(CorrelationPlan plan) => Choose(
        plan,
        plan.IsTransposed && ScatterCosts(plan) < DirectCosts(plan)
            ? ConvolutionAlgorithm.Scatter
            : ConvolutionAlgorithm.Direct);

    /// <summary>The algorithm for the weight gradient of a convolution; its cost is the convolution's.</summary>
    public ConvolutionAlgorithm ForWeightGradient(CorrelationPlan plan) => Choose(plan, ConvolutionAlgorithm.Direct);

    private ConvolutionAlgorithm Choose(CorrelationPlan plan, ConvolutionAlgorithm direct)
    {
        ConvolutionAlgorithm winograd = Winograd(plan);
        if (forced == "direct" || winograd == ConvolutionAlgorithm.Direct) return direct;
        return forced == "winograd" || Costs(plan, winograd) < Costs(plan, direct) ? winograd : direct;
    }

    /// <summary>
    /// What <see cref="ForResult"/> chooses and why, as text for users; a convolution's weight gradient uses the same.
    /// </summary>
    public string Explain(CorrelationPlan plan)
    {
        ConvolutionAlgorithm winograd = Winograd(plan), chosen = ForResult(plan);
        if (winograd == ConvolutionAlgorithm.Direct && chosen == winograd)
            return "direct (no minimal filtering fits the kernel)";
        if (forced is not null && winograd != ConvolutionAlgorithm.Direct) return $"{Name(chosen)} (forced)";
        return chosen == ConvolutionAlgorithm.Direct
            ? FormattableString.Invariant($"direct ({Name(winograd)} is estimated at {Share(winograd):0.00} of it)")
            : FormattableString.Invariant($"{Name(chosen)} (estimated at {Share(chosen):0.00} of direct)");

        double Share(ConvolutionAlgorithm algorithm) => Costs(plan, algorithm) / DirectCosts(plan);
    }

    private static string Name(ConvolutionAlgorithm algorithm) => algorithm switch
    {
        ConvolutionAlgorithm.WinogradF4x3 => "Winograd F(4x4,3x3)",
        ConvolutionAlgorithm.WinogradF4x2 => "Winograd F(4x4,2x2)",
        ConvolutionAlgorithm.Scatter => "direct, pixel by pixel",
        _ => "direct",
    };

    /// <summary>The minimal filtering algorithm for a correlation's kernel; Direct if there is none.</summary>
    private static ConvolutionAlgorithm Winograd(CorrelationPlan plan)
    {
        int taps = plan.Phases[0].Rows.Taps;
        if (plan.Phases.Any(phase => phase.Rows.Taps != taps || phase.Columns.Taps != taps))
            return ConvolutionAlgorithm.Direct;
        return (taps, plan.WindowStep) switch
        {
            (3, 1) => ConvolutionAlgorithm.WinogradF4x3,
            (2, 1) or (4, 2) => ConvolutionAlgorithm.WinogradF4x2,
            _ => ConvolutionAlgorithm.Direct,
        };
    }

    private static double Costs(CorrelationPlan plan, ConvolutionAlgorithm algorithm) => algorithm switch
    {
        ConvolutionAlgorithm.Direct => DirectCosts(plan),
        ConvolutionAlgorithm.Scatter => ScatterCosts(plan),
        _ => WinogradCosts(plan, algorithm),
    };

    private static double DirectCosts(CorrelationPlan plan) => plan.Phases.Sum(phase =>
        (double)phase.Rows.Count * phase.Columns.Count * phase.Taps * plan.SourceChannels * WholePanels(plan.Channels));

    private static double ScatterCosts(CorrelationPlan plan) =>
        (double)plan.SourceHeight * plan.SourceWidth * plan.Geometry.KernelHeight
            * WholePanels(plan.KernelWidth * plan.Channels) * (plan.SourceChannels + ScatterCost);

    private static double WinogradCosts(CorrelationPlan plan, ConvolutionAlgorithm algorithm)
    {
        var tiles = new WinogradTiles(
            plan, algorithm == ConvolutionAlgorithm.WinogradF4x3 ? 6 : 5, width: 8, panelColumns: 16, leastTiles: 1,
            mostTiles: 1, threads: 1);
        double channels = WholePanels(plan.Channels);
        return (double)plan.Phases.Length * tiles.Positions * tiles.Rows * tiles.Columns
            * (tiles.Inner * channels + TransformCost * (tiles.Inner + channels));
    }

    private static double WholePanels(int columns) => (columns + 15) / 16 * 16;
}
