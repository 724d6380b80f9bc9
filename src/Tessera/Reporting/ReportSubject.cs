using Tessera.Data;
using Tessera.Training;

namespace Tessera.Reporting;

/// <summary>The model and the images of a report.</summary>
/// <param name="Name">The title of the page, such as the name of a run folder or a model file.</param>
/// <param name="Trained">The model.</param>
/// <param name="Images">The images to measure it on: at least one, and they fit the model.</param>
/// <param name="Split">The split that the images are.</param>
/// <param name="TrainingImages">Images it was trained on, for comparison; null for none.</param>
public sealed record ReportSubject(
    string Name, TrainedModel Trained, ImageSet Images, Split Split, ImageSet? TrainingImages)
{
    /// <summary>The prior over the model's codes; null for a report without it.</summary>
    public PriorSubject? Prior { get; init; }
}

/// <summary>The progress of a report.</summary>
/// <param name="Stage">
/// The current stage, such as "measuring 10000 images"; the text is constant during a stage.
/// </param>
/// <param name="Fraction">The part of the whole report that is done, 0 to 1.</param>
public readonly record struct ReportProgress(string Stage, double Fraction);
