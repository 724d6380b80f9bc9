using Tessera.Features;
using Tessera.Runs;

namespace Tessera.Cli.Rendering;

/// <summary>Shows the training of a classifier.</summary>
/// <param name="display">The stream to write to.</param>
/// <param name="bar">The progress bar, shown on a terminal.</param>
/// <param name="learner">The classifier that is trained.</param>
internal sealed class ClassifierDisplay(Display display, ProgressBar bar, ClassifierLearner learner)
    : RunDisplay(display, bar)
{
    /// <summary>The rows of the table of an evaluation: name, value.</summary>
    public static IReadOnlyList<string[]> Rows(ClassifierEvaluation evaluation) =>
    [
        ["images", $"{evaluation.Images} (test)"],
        ["accuracy", $"{evaluation.Accuracy:P1}"],
        ["nats", $"{evaluation.Nats:0.0000}"],
    ];

    protected override string EvaluationLine() =>
        $"accuracy {learner.Evaluation!.Accuracy:P1}  nats {learner.Evaluation.Nats:0.0000}";

    protected override IEnumerable<string> RowLines(RunProgress value) =>
        [$"{value.Update} updates: nats {value.Window.Mean("nats"):0.000}"];

    protected override string BarText(RunProgress value) => $"nats {value.Window.Mean("nats"):0.000}";
}
