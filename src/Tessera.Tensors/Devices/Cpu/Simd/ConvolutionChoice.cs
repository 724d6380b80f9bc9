using Tessera.Tensors.Devices.Cpu.Simd.Winograd;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>The ways in which a convolution's passes are computed.</summary>
internal enum ConvolutionAlgorithm
{
    /// <summary>Every multiplication of the formula: <see cref="CorrelationKernel{TSimd,TVector}"/>.</summary>
    Direct,

    /// <summary>Minimal filtering for kernels of 3 x 3, stride 1.</summary>
    WinogradF4x3,

    /// <summary>Minimal filtering for kernels of 2 x 2, and of 4 x 4 with stride 2 as four of these.</summary>
    WinogradF4x2,
}

/// <summary>
/// Which algorithm computes a correlation: the one that needs the least time by a count of its multiply-adds and of the
/// floats that its transforms touch, a function of the sizes alone.
/// </summary>
/// <param name="forced">One of <see cref="Names"/>, or null for the faster by estimate.</param>
internal sealed class ConvolutionChoice(string? forced)
{
    // In the time of a multiply-add, measured at 128 channels: a float of a transformed tile, a transformed weight.
    private const double TransformCost = 12, WeightCost = 16;

    /// <summary>What may be forced.</summary>
    public static IReadOnlyList<string> Names { get; } = ["direct", "winograd"];

    /// <summary>The algorithm for a correlation; for a weight gradient, that of the convolution.</summary>
    public ConvolutionAlgorithm Choose(CorrelationPlan plan)
    {
        ConvolutionAlgorithm winograd = Winograd(plan);
        if (forced == "direct" || winograd == ConvolutionAlgorithm.Direct) return ConvolutionAlgorithm.Direct;
        return forced == "winograd" || WinogradCost(plan, winograd) < DirectCost(plan) ? winograd : ConvolutionAlgorithm.Direct;
    }

    /// <summary>The minimal filtering that a correlation's kernel fits; Direct for none.</summary>
    private static ConvolutionAlgorithm Winograd(CorrelationPlan plan)
    {
        int taps = plan.Phases[0].Rows.Taps;
        if (plan.Phases.Any(phase => phase.Rows.Taps != taps || phase.Columns.Taps != taps)) return ConvolutionAlgorithm.Direct;
        return (taps, plan.WindowStep) switch
        {
            (3, 1) => ConvolutionAlgorithm.WinogradF4x3,
            (2, 1) or (4, 2) => ConvolutionAlgorithm.WinogradF4x2,
            _ => ConvolutionAlgorithm.Direct,
        };
    }

    private static double DirectCost(CorrelationPlan plan) => plan.Phases.Sum(phase =>
        (double)plan.Images * phase.Rows.Count * phase.Columns.Count * phase.Taps * plan.SourceChannels * PaddedChannels(plan));

    private static double WinogradCost(CorrelationPlan plan, ConvolutionAlgorithm algorithm)
    {
        var tiles = new WinogradTiles(
            plan, algorithm == ConvolutionAlgorithm.WinogradF4x3 ? 6 : 5, width: 8, panelColumns: 16, tilesPerChunk: 1);
        double count = (double)plan.Images * tiles.Rows * tiles.Columns, channels = PaddedChannels(plan);
        double products = tiles.Inner * channels;
        return plan.Phases.Length * tiles.Positions
            * (count * (products + TransformCost * (tiles.Inner + channels)) + WeightCost * products);
    }

    private static double PaddedChannels(CorrelationPlan plan) => (plan.Channels + 15) / 16 * 16;
}
