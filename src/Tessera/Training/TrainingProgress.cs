using Tessera.Analysis;

namespace Tessera.Training;

/// <summary>What a run reports after every update, and when it has evaluated or written a checkpoint.</summary>
/// <param name="Update">Updates made so far.</param>
/// <param name="Updates">Updates the run makes in all; null where it is the time that ends it.</param>
/// <param name="Done">The part of the budget that is spent, 0 to 1 and, at the end of a budget of time, a little above.</param>
/// <param name="Window">Means since the last row of <c>metrics.csv</c> (one every 100 updates).</param>
/// <param name="CodesUsed">Different codes that the last batch was quantized to.</param>
/// <param name="Elapsed">Time spent training so far, earlier sittings of a resumed run included.</param>
/// <param name="ImagesPerSecond">Pictures per second since the last row of <c>metrics.csv</c>.</param>
/// <param name="Remaining">Estimated time until the last update.</param>
public readonly record struct TrainingProgress(
    long Update, long? Updates, double Done, MetricsWindow Window, int CodesUsed,
    TimeSpan Elapsed, double ImagesPerSecond, TimeSpan Remaining)
{
    /// <summary>Whether this update closed a window: a row of <c>metrics.csv</c> was written.</summary>
    public bool IsMetricsRow { get; init; }

    /// <summary>The evaluation on the test split, if this report brings one.</summary>
    public Evaluation? Evaluation { get; init; }

    /// <summary>The folder of the checkpoint, if this report brings one.</summary>
    public string? Checkpoint { get; init; }
}

/// <summary>Sums over the updates since the last row of <c>metrics.csv</c>.</summary>
/// <param name="Updates">How many updates.</param>
/// <param name="ReconErrorSum">The sum of their reconstruction errors (MSE / data variance).</param>
/// <param name="PerplexitySum">The sum of their batches' perplexities.</param>
/// <param name="VqLossSum">The sum of their quantizer losses.</param>
/// <param name="Revived">How many codes were moved to where vectors are.</param>
public readonly record struct MetricsWindow(
    long Updates, double ReconErrorSum, double PerplexitySum, double VqLossSum, long Revived)
{
    /// <summary>Mean reconstruction error: MSE / data variance.</summary>
    public double ReconError => ReconErrorSum / Math.Max(Updates, 1);

    /// <summary>Mean perplexity of the batches.</summary>
    public double Perplexity => PerplexitySum / Math.Max(Updates, 1);

    /// <summary>Mean quantizer loss.</summary>
    public double VqLoss => VqLossSum / Math.Max(Updates, 1);

    /// <summary>The window with one more update.</summary>
    public MetricsWindow With(double reconError, double perplexity, double vqLoss, int revived) => new(
        Updates + 1, ReconErrorSum + reconError, PerplexitySum + perplexity, VqLossSum + vqLoss, Revived + revived);
}
