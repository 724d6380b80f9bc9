using Tessera.Data;
using Tessera.Models;
using Tessera.Priors;

namespace Tessera.Reporting.Measurements;

/// <summary>All measurements of a prior that the figures show.</summary>
internal sealed record PriorData
{
    /// <summary>The prior.</summary>
    public required PriorSubject Subject { get; init; }

    /// <summary>The nats during training; null if there are none.</summary>
    public required PriorCurve? Curve { get; init; }

    /// <summary>Why <see cref="Curve"/> is null; empty if it is not.</summary>
    public required string CurveAbsence { get; init; }

    /// <summary>Images drawn from it.</summary>
    public required PriorSamples Samples { get; init; }

    /// <summary>How well it predicts the test images; null if they are not the report's.</summary>
    public PriorEvaluation? Evaluation { get; private init; }

    /// <summary>How near its samples are to training images; null if they are not known.</summary>
    public Neighbourhood? Neighbourhood { get; private init; }

    /// <summary>
    /// Why <see cref="Evaluation"/> and <see cref="Neighbourhood"/> are null; empty if they are not.
    /// </summary>
    public string ImagesAbsence { get; private init; } = "";

    /// <summary>Makes all measurements of a subject with a prior.</summary>
    /// <exception cref="InputException">The prior is over other codes than the model's.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static PriorData Gather(
        ReportSubject subject, PriorSubject prior, IProgress<ReportProgress> progress, CancellationToken cancellation)
    {
        using var sampler = new ImageSampler(subject.Trained.Model, prior.Prior);
        (PriorCurve? curve, string absence) = PriorCurve.Read(prior.Run, prior.Update);
        var data = new PriorData
        {
            Subject = prior,
            Curve = curve,
            CurveAbsence = absence,
            Samples = PriorSamples.Draw(
                sampler,
                new ImmediateProgress<double>(
                    part => progress.Report(new ReportProgress("drawing images from the prior", 0.05 * part))),
                cancellation),
        };
        try
        {
            return data.WithImages(subject, sampler, progress, cancellation);
        }
        catch (InputException e)
        {
            return data with { ImagesAbsence = $"The prior cannot be measured on these images: {e.Message}." };
        }
    }

    /// <summary>Adds what needs test and training images.</summary>
    private PriorData WithImages(
        ReportSubject subject, ImageSampler sampler, IProgress<ReportProgress> progress,
        CancellationToken cancellation)
    {
        if (subject.Split != Split.Test || subject.TrainingImages is not { } training)
            return this with { ImagesAbsence = "The report of a run's own test images has this figure." };
        (VqVae model, CodePriorOptions sizes) = (sampler.Tokenizer.Model, Subject.Prior.Options);
        CheckSize(sizes, model.Options.PixelsPerCode, subject.Images);
        CheckSize(sizes, model.Options.PixelsPerCode, training);
        // The parts of the time that they took with CIFAR-10 and a prior of the default size.
        string encoding = $"encoding {training.Count} training images and mirrored";
        progress.Report(new ReportProgress(encoding, 0.05));
        CodeSet trainingCodes = CodeSet.Encode(
            model, training, flips: true,
            new ImmediateProgress<int>(
                done => progress.Report(new ReportProgress(encoding, 0.05 + 0.26 * done / training.Count))),
            cancellation: cancellation);
        progress.Report(new ReportProgress("evaluating the prior", 0.6));
        CodeSet test = CodeSet.Encode(model, subject.Images, flips: false, cancellation: cancellation);
        PriorEvaluation evaluation = PriorEvaluator.Evaluate(
            Subject.Prior, test, trainingCodes, model.Options.PixelsPerCode, cancellation);
        progress.Report(new ReportProgress($"searching {training.Count} training images", 0.95));
        return this with
        {
            Evaluation = evaluation,
            Neighbourhood = Neighbourhood.Search(
                sampler, Samples.OfClasses, test, training, trainingCodes, cancellation),
        };
    }

    private static void CheckSize(CodePriorOptions prior, int cell, ImageSet images)
    {
        if ((images.Height, images.Width) != (prior.Rows * cell, prior.Columns * cell))
            throw new InputException(
                $"it is of images of {prior.Rows * cell}x{prior.Columns * cell}; those of {images.Name} are "
                + $"{images.Height}x{images.Width}");
    }
}
