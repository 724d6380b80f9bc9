using Tessera.Models;
using Tessera.Priors;
using Tessera.Reporting;
using Tessera.Runs;
using Tessera.Tests.Priors;
using Tessera.Tests.Training;
using Tessera.Training;

namespace Tessera.Tests.Reporting;

/// <summary>A small run with a prior and its report, made once and never changed.</summary>
public sealed class PriorReportRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PriorReportRun(ReportRun tokenizer)
    {
        foreach (string file in Directory.EnumerateFiles(tokenizer.RunPath, "*", SearchOption.AllDirectories))
            _folder.Write(
                Path.Combine("run", Path.GetRelativePath(tokenizer.RunPath, file)), File.ReadAllBytes(file));
        VqVae model = TrainedModel.Open(RunPath).Model;
        PriorRun run = PriorRun.Create(PriorPath, SmallPriorRun.Options with
        {
            Model = SmallPriorRun.Options.Model with { Codes = model.Options.Codes },
            TokenizerHash = PriorFile.HashOf(Path.Combine(RunPath, "model.safetensors")),
        });
        Train = CodeSet.Encode(model, SmallRun.Train, flips: true);
        Test = CodeSet.Encode(model, SmallRun.Test, flips: false);
        using (var learner = new PriorLearner(run, Train, Test, SmallPriorRun.PixelsPerCode))
        using (var trainer = new Trainer(learner))
        {
            trainer.Run();
            Evaluation = learner.Evaluation!;
        }
        Report.Write(Folder, Subject(RunPath));
        Page = File.ReadAllText(Path.Combine(Folder, Report.PageName));
    }

    /// <summary>The path of the tokenizer's run, which is that of <see cref="ReportRun"/>.</summary>
    public string RunPath => _folder["run"];

    /// <summary>The path of the prior's run, which made 24 updates and was evaluated after 12 and 24.</summary>
    public string PriorPath => _folder["run", "prior"];

    /// <summary>The codes of the training images.</summary>
    internal CodeSet Train { get; }

    /// <summary>The codes of the test images.</summary>
    internal CodeSet Test { get; }

    /// <summary>The prior's last evaluation.</summary>
    internal PriorEvaluation Evaluation { get; }

    /// <summary>The path of the report's folder.</summary>
    public string Folder => _folder["report"];

    /// <summary>The HTML of the report.</summary>
    public string Page { get; }

    public void Dispose() => _folder.Dispose();

    /// <summary>The subject of a run's report, with the images of <see cref="SmallRun"/>.</summary>
    internal static ReportSubject Subject(string path, string? prior = null) => ReportRun.Subject(path) with
    {
        Prior = PriorSubject.Open(path, Path.Combine(path, "model.safetensors"), prior),
    };
}
