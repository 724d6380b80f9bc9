using Tessera.Data;
using Tessera.Inspection;
using Tessera.Training;

namespace Tessera.Reporting.Measurements;

/// <summary>All measurements that the figures show.</summary>
internal sealed record ReportData
{
    private const int Extremes = 8;

    // Of the time of a report with a prior, about this part is spent on what every report has.
    private const double ShareBesidePrior = 0.15;

    /// <summary>The model and the images.</summary>
    public required ReportSubject Subject { get; init; }

    /// <summary>The losses of every update; null if there are none.</summary>
    public required TrainingSeries? Series { get; init; }

    /// <summary>Why <see cref="Series"/> is null; empty if it is not.</summary>
    public required string SeriesAbsence { get; init; }

    /// <summary>The learning rates and the revived codes; without rows if there are none.</summary>
    public required TrainingMetrics Metrics { get; init; }

    /// <summary>Why <see cref="Metrics"/> cannot be shown; empty if they can.</summary>
    public required string MetricsAbsence { get; init; }

    /// <summary>The results over the whole split.</summary>
    public required Measurement Measurement { get; init; }

    /// <summary>Some images of the split.</summary>
    public required ImageSample Images { get; init; }

    /// <summary>Some training images; null without <see cref="ReportSubject.TrainingImages"/>.</summary>
    public required ImageSample? TrainingImages { get; init; }

    /// <summary>The images with the highest PSNR, the best first.</summary>
    public required ImageSample Best { get; init; }

    /// <summary>The images with the lowest PSNR, the worst first.</summary>
    public required ImageSample Worst { get; init; }

    /// <summary>Reconstructions of <see cref="Images"/>, each with one code vector set to zero.</summary>
    public required IReadOnlyList<Imaging.Image> Masked { get; init; }

    /// <summary>How far one code reaches.</summary>
    public required InfluenceMap Influence { get; init; }

    /// <summary>What each code decodes to.</summary>
    public required CodeAtlas Atlas { get; init; }

    /// <summary>The codes projected to two dimensions.</summary>
    public required CodebookEmbedding Embedding { get; init; }

    /// <summary>What is measured of the prior; null without <see cref="ReportSubject.Prior"/>.</summary>
    public PriorData? Prior { get; private init; }

    /// <summary>Makes all measurements.</summary>
    /// <exception cref="InputException">The images do not fit the model.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static ReportData Gather(
        ReportSubject subject, IProgress<ReportProgress> progress, CancellationToken cancellation)
    {
        if (subject.Prior is not { } prior) return GatherTokenizer(subject, progress, cancellation);
        ReportData data = GatherTokenizer(subject, Part(0, ShareBesidePrior), cancellation);
        return data with { Prior = PriorData.Gather(subject, prior, Part(ShareBesidePrior, 1), cancellation) };

        ImmediateProgress<ReportProgress> Part(double from, double to) => new(
            part => progress.Report(part with { Fraction = from + (to - from) * part.Fraction }));
    }

    private static ReportData GatherTokenizer(
        ReportSubject subject, IProgress<ReportProgress> progress, CancellationToken cancellation)
    {
        (TrainedModel trained, ImageSet images) = (subject.Trained, subject.Images);
        (TrainingSeries? series, string absence) = ReadSeries(trained);
        (TrainingMetrics metrics, string metricsAbsence) = ReadMetrics(trained);
        string measuring = $"measuring {images.Count} images";
        progress.Report(new ReportProgress(measuring, 0));
        Measurement measurement = Evaluator.Measure(
            trained.Model, images, subject.Split, trained.DataVariance,
            progress: new ImmediateProgress<int>(
                done => progress.Report(new ReportProgress(measuring, 0.7 * done / images.Count))),
            cancellation: cancellation);

        var probe = new ModelProbe(trained.Model, cancellation);
        progress.Report(new ReportProgress("reconstructing images", 0.7));
        int[] order = [.. Enumerable.Range(0, images.Count).OrderBy(i => measurement.Psnr[i])];
        ImageSample sample = ImageSample.Spread(probe, images);
        progress.Report(new ReportProgress("measuring how far a code reaches", 0.75));
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
            Images = sample,
            TrainingImages = subject.TrainingImages is { } training ? ImageSample.Spread(probe, training) : null,
            Best = ImageSample.Of(probe, images, [.. order.Reverse().Take(Extremes)]),
            Worst = ImageSample.Of(probe, images, [.. order.Take(Extremes)]),
            Masked = MaskedCells.Decode(probe, sample.Latents),
            Influence = influence,
            Atlas = atlas,
            Embedding = CodebookEmbedding.Make(
                probe.Codebook(), trained.Model.Options.VectorDim, atlas.Order,
                new ImmediateProgress<double>(done =>
                    progress.Report(new ReportProgress("laying out the codebook", 0.9 + 0.1 * done))),
                cancellation),
        };
    }

    private static (TrainingSeries? Series, string Absence) ReadSeries(TrainedModel trained)
    {
        if (trained.Run is not { } run)
            return (null, "A model file does not hold the losses of its training; a run folder does.");
        if (!File.Exists(run.SeriesPath))
            return (
                null,
                $"The run has no {Path.GetFileName(run.SeriesPath)}: it was made by an earlier version, "
                + "or the file was removed.");
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
}
