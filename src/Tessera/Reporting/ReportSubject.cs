using Tessera.Data;
using Tessera.Training;

namespace Tessera.Reporting;

/// <summary>What a report is about.</summary>
/// <param name="Name">What it is called on the page: a run's folder, a model's file.</param>
/// <param name="Trained">The model.</param>
/// <param name="Pictures">The pictures to measure it on; they fit it, and there is at least one.</param>
/// <param name="Split">Which pictures those are.</param>
/// <param name="TrainingPictures">Pictures it was trained on, to compare with; null for none.</param>
public sealed record ReportSubject(
    string Name, TrainedModel Trained, ImageSet Pictures, Split Split, ImageSet? TrainingPictures);

/// <summary>How far a report is.</summary>
/// <param name="Stage">What is being done, the same words all along: "measuring 10000 pictures".</param>
/// <param name="Fraction">How much of the whole report is done, 0 to 1.</param>
public readonly record struct ReportProgress(string Stage, double Fraction);
