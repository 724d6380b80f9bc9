using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Rendering;
using Tessera.Data;
using Tessera.Reporting;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera report</c>: writes one HTML page with all figures of a run or model.</summary>
internal sealed class ReportCommand : TrainedModelCommand
{
    private readonly Option<string?> _out = NewOption.Text(
        "--out", "DIR",
        "The folder to write; an earlier report is overwritten, other files never "
            + $"[default: RUN/{Report.FolderName}].");
    private readonly Option<string?> _prior = SamplingSettings.PriorOption();

    public ReportCommand(Invocation invocation) : base(
        invocation, "report",
        "Writes all figures of a run (losses, reconstructions, latents, codebook, prior) as an HTML page and as files.",
        "tessera report runs/shapes-1",
        "tessera report runs/cifar --split train --out cifar-on-training-images",
        "tessera report cifar10 --out cifar10-report")
    {
        Options.Add(_out);
        Options.Add(_prior);
    }

    protected override void Run(ParseResult parse, TrainedModel trained)
    {
        string folder = parse.GetValue(_out) ?? UsualFolder(parse, trained);
        Report.CheckReplaceable(folder);
        Split split = SplitOf(parse);
        using PriorSubject? prior =
            OptionalPrior.ForReport(RunPath(parse), trained, parse.GetValue(_prior), Invocation.Error);
        var subject = new ReportSubject(
            ReportDisplay.TitleOf(trained), trained, LoadImages(parse, trained), split,
            split == Split.Test && ShowsOwnImages(parse, trained) ? LoadImages(parse, trained, Split.Train) : null)
        {
            Prior = prior,
        };
        string page = ReportDisplay.Write(Invocation.Output, subject, folder, Invocation.Cancellation);
        Invocation.Output.Line($"all figures on one page: {page}");
    }

    private string UsualFolder(ParseResult parse, TrainedModel trained)
    {
        CheckHasFolder(parse, "the report");
        return trained.Run is { } run && run.ModelPath == trained.Path
            ? Path.Combine(run.Path, Report.FolderName)
            : throw new InputException(
                $"{trained.Path} is not a run's newest model; name the folder for its report with --out");
    }
}
