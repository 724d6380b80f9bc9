using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Cli.Rendering;

/// <summary>Shows the training of a tokenizer, with the lines of the reference notebook.</summary>
/// <param name="display">The stream to write to.</param>
/// <param name="bar">The progress bar, shown on a terminal.</param>
/// <param name="learner">The tokenizer that is trained.</param>
internal sealed class TokenizerDisplay(Display display, ProgressBar bar, TokenizerLearner learner)
    : RunDisplay(display, bar)
{
    protected override string EvaluationLine() => EvaluationText.Line(learner.Evaluation!);

    protected override IEnumerable<string> RowLines(RunProgress value) =>
    [
        $"{value.Update} iterations", $"recon_error: {value.Window.Mean("recon_error"):0.000}",
        $"perplexity: {value.Window.Mean("perplexity"):0.000}", "",
    ];

    protected override string BarText(RunProgress value) =>
        $"recon_error {value.Window.Mean("recon_error"):0.000}  perplexity {value.Window.Mean("perplexity"):0.0}  "
        + $"codes used {value.Window.Last("codes_used")} of "
        + $"{learner.Model.Options.Codes * learner.Model.Options.Cell.Codebooks}";
}
