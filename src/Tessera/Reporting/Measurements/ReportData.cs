using Tessera.Data;
using Tessera.Training;

namespace Tessera.Reporting.Measurements;

/// <summary>Everything that the figures are drawn from: what the model was asked, and what it answered.</summary>
internal sealed record ReportData
{
    private const int Extremes = 8;

    /// <summary>What the report is about.</summary>
    public required ReportSubject Subject { get; init; }

    /// <summary>The losses of every update; null where there are none.</summary>
    public required TrainingSeries? Series { get; init; }

    /// <summary>Why there are no losses.</summary>
    public required string SeriesAbsence { get; init; }

    /// <summary>The learning rates and the codes revived; empty where there are none.</summary>
    public required TrainingMetrics Metrics { get; init; }

    /// <summary>Why they cannot be shown; empty where they can.</summary>
    public required string MetricsAbsence { get; init; }

    /// <summary>The whole split.</summary>
    public required Measurement Measurement { get; init; }

    /// <summary>Some pictures of the split.</summary>
    public required PictureSample Pictures { get; init; }

    /// <summary>Some training pictures; null where the split is theirs or they are not there.</summary>
    public required PictureSample? TrainingPictures { get; init; }

    /// <summary>The pictures with the highest PSNR, the best first.</summary>
    public required PictureSample Best { get; init; }

    /// <summary>The pictures with the lowest PSNR, the worst first.</summary>
    public required PictureSample Worst { get; init; }

    /// <summary>Reconstructions of <see cref="Pictures"/> with one code zeroed.</summary>
    public required IReadOnlyList<Imaging.Image> Masked { get; init; }

    /// <summary>How far one code reaches.</summary>
    public required InfluenceMap Influence { get; init; }

    /// <summary>What each code stands for.</summary>
    public required CodeAtlas Atlas { get; init; }

    /// <summary>The codes as points of a plane.</summary>
    public required CodebookEmbedding Embedding { get; init; }

    /// <summary>Puts all questions to the model.</summary>
    /// <exception cref="InputException">The pictures do not fit the model.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ReportData Gather(
        ReportSubject subject, IProgress<ReportProgress> progress, CancellationToken cancellation)
    {
        (TrainedModel trained, ImageSet pictures) = (subject.Trained, subject.Pictures);
        (TrainingSeries? series, string absence) = ReadSeries(trained);
        (TrainingMetrics metrics, string metricsAbsence) = ReadMetrics(trained);
        string measuring = $"measuring {pictures.Count} pictures";
        progress.Report(new ReportProgress(measuring, 0));
        Measurement measurement = Evaluator.Measure(
            trained.Model, pictures, subject.Split, trained.DataVariance,
            new Relay<int>(done => progress.Report(new ReportProgress(measuring, 0.7 * done / pictures.Count))),
            cancellation);

        var probe = new ModelProbe(trained.Model, cancellation);
        progress.Report(new ReportProgress("reconstructing pictures", 0.7));
        int[] order = [.. Enumerable.Range(0, pictures.Count).OrderBy(i => measurement.Psnr[i])];
        PictureSample sample = PictureSample.Spread(probe, pictures);
        progress.Report(new ReportProgress("asking how far a code reaches", 0.75));
        InfluenceMap influence = InfluenceMap.Measure(probe, sample.Latents);
        progress.Report(new ReportProgress("decoding every code", 0.85));
        CodeAtlas atlas = CodeAtlas.Make(probe, measurement.Usage);
        return new ReportData
        {
            Subject = subject,
            Series = series,
            SeriesAbsence = absence,
            Metrics = metrics,
            MetricsAbsence = metricsAbsence,
            Measurement = measurement,
            Pictures = sample,
            TrainingPictures = subject.TrainingPictures is { } training ? PictureSample.Spread(probe, training) : null,
            Best = PictureSample.Of(probe, pictures, [.. order.Reverse().Take(Extremes)]),
            Worst = PictureSample.Of(probe, pictures, [.. order.Take(Extremes)]),
            Masked = MaskedCells.Decode(probe, sample.Latents),
            Influence = influence,
            Atlas = atlas,
            Embedding = CodebookEmbedding.Make(
                probe.Codebook(), trained.Model.Options.CodeDim, atlas.Order,
                new Relay<double>(done => progress.Report(new ReportProgress("laying the codebook out", 0.9 + 0.1 * done))),
                cancellation),
        };
    }

    private static (TrainingSeries? Series, string Absence) ReadSeries(TrainedModel trained)
    {
        if (trained.Run is not { } run)
            return (null, "A model file does not hold the losses of its training; a run folder does.");
        if (!File.Exists(run.SeriesPath))
            return (null, $"The run has no {Path.GetFileName(run.SeriesPath)}: it was trained before runs kept one, or the file was removed.");
        try
        {
            return (TrainingSeries.Read(run.SeriesPath, trained.Update ?? long.MaxValue), "");
        }
        catch (InputException e)
        {
            return (null, $"The losses of the run cannot be shown: {e.Message}.");
        }
    }

    private static (TrainingMetrics Metrics, string Absence) ReadMetrics(TrainedModel trained)
    {
        var none = new TrainingMetrics([], [], []);
        if (trained.Run is not { } run) return (none, "");
        try
        {
            return (TrainingMetrics.Read(run.MetricsPath, trained.Update ?? long.MaxValue), "");
        }
        catch (InputException e)
        {
            return (none, $"The learning rates of the run cannot be shown: {e.Message}.");
        }
    }

    /// <summary>Passes progress on, on the thread that reports it.</summary>
    private sealed class Relay<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
