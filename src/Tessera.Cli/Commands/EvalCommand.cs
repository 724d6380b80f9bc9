using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Rendering;
using Tessera.Data;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera eval</c>: evaluates a model on a whole split.</summary>
internal sealed class EvalCommand : TrainedModelCommand
{
    private readonly Option<bool> _json = NewOption.Flag(
        "--json",
        "Prints one JSON object: split, images, recon_error, mse, psnr, ssim, perplexity, codes_used, codes; "
            + "with several codes a cell also joint_perplexity and joint_codes_used, which are null above "
            + "4,194,304 combinations, and levels: the name, perplexity and codes_used of each.");

    private readonly Option<int?> _depth = NewOption.FirstLevels("Evaluates");

    public EvalCommand(Invocation invocation) : base(
        invocation, "eval",
        "Evaluates a model on a whole split: recon_error (MSE / variance of the training images), MSE, PSNR, SSIM, "
            + "perplexity, codes used.",
        "tessera eval runs/shapes-1",
        "tessera eval runs/shapes-1 --split train --json",
        "tessera eval runs/residual --depth 1",
        "tessera eval model.safetensors --data cifar10 --data-dir data")
    {
        Options.Add(_depth);
        Options.Add(_json);
    }

    protected override void Run(ParseResult parse, TrainedModel trained)
    {
        ImageSet images = LoadImages(parse, trained);
        Evaluation evaluation = Invocation.Error.WithBar(bar => Evaluator.Evaluate(
            trained.Model, images, SplitOf(parse), trained.DataVariance, parse.GetValue(_depth),
            new ImmediateProgress<int>(done => bar.Report(
                new BarState((double)done / images.Count, $"{done} of {images.Count} images"))),
            Invocation.Cancellation));
        if (parse.GetValue(_json)) Invocation.Output.Line(EvaluationText.Json(evaluation));
        else Invocation.Output.Table(EvaluationText.Rows(evaluation));
    }
}
