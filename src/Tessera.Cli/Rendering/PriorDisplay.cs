using Tessera.Priors;
using Tessera.Runs;

namespace Tessera.Cli.Rendering;

/// <summary>Shows the training of a prior.</summary>
/// <param name="display">The stream to write to.</param>
/// <param name="bar">The progress bar, shown on a terminal.</param>
/// <param name="learner">The prior that is trained.</param>
internal sealed class PriorDisplay(Display display, ProgressBar bar, PriorLearner learner) : RunDisplay(display, bar)
{
    /// <summary>The rows of the table of an evaluation: name, value.</summary>
    public static IReadOnlyList<string[]> Rows(PriorEvaluation evaluation) =>
    [
        ["images", $"{evaluation.Images} (test)"],
        ["nats a code", $"{evaluation.Nats:0.0000}"],
        ["on training images", $"{evaluation.TrainNats:0.0000}"],
        ["bits a pixel", $"{evaluation.BitsPerPixel:0.0000}"],
    ];

    protected override string EvaluationLine() =>
        $"nats {learner.Evaluation!.Nats:0.0000}  bits a pixel {learner.Evaluation.BitsPerPixel:0.0000}  "
        + $"train nats {learner.Evaluation.TrainNats:0.0000}";

    protected override IEnumerable<string> RowLines(RunProgress value) =>
        [$"{value.Update} updates: nats {value.Window.Mean("nats"):0.000}"];

    protected override string BarText(RunProgress value) => $"nats {value.Window.Mean("nats"):0.000}";
}
