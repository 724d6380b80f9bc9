using System.Globalization;
using Tessera.Analysis;
using Tessera.Data;
using Tessera.Files;

namespace Tessera.Training;

/// <summary>
/// The logs of a run: <c>metrics.csv</c> (means over 100 updates), <c>series.csv</c> (every update) and
/// <c>eval.csv</c>. A resumed run drops the rows after its checkpoint.
/// </summary>
internal sealed class TrainingLog
{
    private readonly string _metricsPath;
    private readonly CsvLog _metrics, _evaluations;
    private readonly TrainingSeriesLog _series;

    /// <summary>Opens the logs of a run.</summary>
    /// <exception cref="InputException">A log is damaged or has other columns.</exception>
    public TrainingLog(RunFolder run)
    {
        _metricsPath = run.MetricsPath;
        _metrics = new CsvLog(
            _metricsPath, "update", "recon_error", "perplexity", "vq_loss", "learning_rate", "revived",
            "images_per_second", "seconds");
        _series = new TrainingSeriesLog(run.SeriesPath);
        _evaluations = new CsvLog(
            run.EvalPath, "update", "split", "recon_error", "psnr", "ssim", "perplexity", "codes_used");
    }

    /// <summary>The seconds in the last row of <c>metrics.csv</c>; null before the first row.</summary>
    /// <exception cref="InputException">The number is negative or longer than any run.</exception>
    public double? Seconds
    {
        get
        {
            if (_metrics.LastRow() is not [.., string seconds]
                || !double.TryParse(seconds, CultureInfo.InvariantCulture, out double total))
                return null;
            if (total >= 0 && total < TrainingClock.Longest.TotalSeconds) return total;
            throw new InputException(
                $"{_metricsPath} is damaged: its last row says {seconds} seconds; "
                + "fix it, or move the file away: a resumed run starts a new one");
        }
    }

    /// <summary>Adds an update to the series; <see cref="AddRow"/> and <see cref="WriteSeries"/> write it.</summary>
    public void AddUpdate(long update, double reconError, double perplexity) =>
        _series.Add(update, reconError, perplexity);

    /// <summary>Writes a row of means, and the series so far.</summary>
    public void AddRow(long update, MetricsWindow window, float learningRate, double imagesPerSecond, TimeSpan time)
    {
        _metrics.Append(
            update, window.ReconError, window.Perplexity, window.VqLoss, learningRate, window.Revived,
            Math.Round(imagesPerSecond, 1), Math.Round(time.TotalSeconds, 3));
        _series.Write();
    }

    /// <summary>Writes the series so far.</summary>
    public void WriteSeries() => _series.Write();

    /// <summary>Writes an evaluation.</summary>
    public void AddEvaluation(long update, Evaluation evaluation) => _evaluations.Append(
        update, evaluation.Split.Name(), evaluation.ReconError, evaluation.Psnr, evaluation.Ssim, evaluation.Perplexity,
        evaluation.CodesUsed);

    /// <summary>Drops the rows after the state from which the run resumes.</summary>
    public void TruncateAfter(TrainingState state)
    {
        _metrics.TruncateAfter(state.Update);
        _series.TruncateAfter(state.Update);
        _evaluations.TruncateAfter(state.LastEvaluation);
    }
}
