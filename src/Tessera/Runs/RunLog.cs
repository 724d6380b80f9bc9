using System.Globalization;
using Tessera.Files;

namespace Tessera.Runs;

/// <summary>
/// The logs of a run: <c>metrics.csv</c> (a row per 100 updates), <c>series.csv</c> (every update) and
/// <c>eval.csv</c>. A resumed run drops the rows after its checkpoint.
/// </summary>
internal sealed class RunLog
{
    private const string UpdateColumn = "update";

    private readonly string _metricsPath;
    private readonly Measure[] _means, _sums;
    private readonly int[] _inSeries;
    private readonly CsvLog _metrics, _series, _evaluations;
    private readonly List<object?[]> _pending = [];

    /// <summary>Opens the logs of a run.</summary>
    /// <exception cref="InputException">A log is damaged or has other columns.</exception>
    public RunLog(RunFolder run, Learner learner)
    {
        IReadOnlyList<Measure> measures = learner.Measures;
        _metricsPath = run.MetricsPath;
        _means = [.. measures.Where(measure => measure.Kind == MeasureKind.Mean)];
        _sums = [.. measures.Where(measure => measure.Kind == MeasureKind.Sum)];
        _inSeries = [.. Enumerable.Range(0, measures.Count).Where(i => measures[i].InSeries)];
        _metrics = new CsvLog(
            _metricsPath,
            [
                UpdateColumn, .. _means.Select(measure => measure.Name), "learning_rate",
                .. _sums.Select(measure => measure.Name), "images_per_second", "seconds",
            ]);
        _series = new CsvLog(run.SeriesPath, [UpdateColumn, .. _inSeries.Select(i => measures[i].Name)]);
        _evaluations = new CsvLog(run.EvalPath, [UpdateColumn, .. learner.EvaluationColumns]);
    }

    /// <summary>The seconds in the last row of <c>metrics.csv</c>; null before the first row.</summary>
    /// <exception cref="InputException">The last field is no number, negative, or longer than any run.</exception>
    public double? Seconds
    {
        get
        {
            if (_metrics.LastRow() is not [.., string seconds]) return null;
            if (double.TryParse(seconds, CultureInfo.InvariantCulture, out double total)
                && total >= 0 && total < RunClock.Longest.TotalSeconds)
                return total;
            throw new InputException(
                $"{_metricsPath} is damaged: its last row says {seconds} seconds; "
                + "fix it, or move the file away: a resumed run starts a new one");
        }
    }

    /// <summary>Adds an update to the series; <see cref="AddRow"/> and <see cref="WriteSeries"/> write it.</summary>
    public void AddUpdate(long update, double[] values) =>
        _pending.Add([update, .. _inSeries.Select(i => (object?)(float)values[i])]);

    /// <summary>Writes a row, and the series so far.</summary>
    public void AddRow(long update, MetricsWindow window, float learningRate, double imagesPerSecond, TimeSpan time)
    {
        _metrics.Append(
        [
            update, .. _means.Select(measure => (object?)window.Mean(measure.Name)), learningRate,
            .. _sums.Select(measure => (object?)window.Sum(measure.Name)), Math.Round(imagesPerSecond, 1),
            Math.Round(time.TotalSeconds, 3),
        ]);
        WriteSeries();
    }

    /// <summary>Writes the series so far, so that a checkpoint is never ahead of it.</summary>
    public void WriteSeries()
    {
        _series.AppendRows(_pending);
        _pending.Clear();
    }

    /// <summary>Writes an evaluation.</summary>
    public void AddEvaluation(long update, IReadOnlyList<object?> values) => _evaluations.Append([update, .. values]);

    /// <summary>Drops the rows after the state from which the run resumes.</summary>
    public void TruncateAfter(RunState state)
    {
        _metrics.TruncateAfter(state.Update);
        _series.TruncateAfter(state.Update);
        _evaluations.TruncateAfter(state.LastEvaluation);
    }
}
