using Tessera.Analysis;

namespace Tessera.Training;

/// <summary>The report of a run after every update, evaluation and checkpoint.</summary>
/// <param name="Update">Updates made so far.</param>
/// <param name="Updates">The total number of updates; null for a budget of minutes.</param>
/// <param name="Done">The part of the budget that is spent, 0 to 1; may end slightly above 1.</param>
/// <param name="Window">Sums and means since the last row of <c>metrics.csv</c> (one per 100 updates).</param>
/// <param name="CodesUsed">Different codes used in the last batch.</param>
/// <param name="Elapsed">Time spent on updates so far, including the time before the run was resumed.</param>
/// <param name="ImagesPerSecond">Images per second since the last row of <c>metrics.csv</c>.</param>
/// <param name="Remaining">Estimated time until the last update.</param>
public readonly record struct TrainingProgress(
    long Update, long? Updates, double Done, MetricsWindow Window, int CodesUsed,
    TimeSpan Elapsed, double ImagesPerSecond, TimeSpan Remaining)
{
    /// <summary>Whether this update ends a row of <c>metrics.csv</c>.</summary>
    public bool IsMetricsRow { get; init; }

    /// <summary>The evaluation on the test split; null if the report is of something else.</summary>
    public Evaluation? Evaluation { get; init; }

    /// <summary>The path of the checkpoint just written; null if the report is of something else.</summary>
    public string? Checkpoint { get; init; }
}

/// <summary>Sums over the updates since the last row of <c>metrics.csv</c>.</summary>
/// <param name="Updates">The number of updates.</param>
/// <param name="ReconErrorSum">The sum of the reconstruction errors (MSE / data variance).</param>
/// <param name="PerplexitySum">The sum of the batches' perplexities.</param>
/// <param name="VqLossSum">The sum of the quantizer losses.</param>
/// <param name="Revived">The number of codes moved onto vectors of the batch.</param>
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
