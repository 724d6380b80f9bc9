using Tessera.Data;
using Tessera.Quantization;
using Tessera.Reporting;
using Tessera.Tests.Reporting;
using Tessera.Tests.Training;
using Tessera.Training;

[assembly: AssemblyFixture(typeof(ReportRun))]

namespace Tessera.Tests.Reporting;

/// <summary>A small run and its report, made once and never changed.</summary>
public sealed class ReportRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ReportRun()
    {
        // With a codebook trained by gradients, several codes are in use after 24 updates.
        TrainingOptions options = SmallRun.Options with
        {
            Model = SmallRun.Options.Model with { Quantizer = new VectorQuantizerOptions() },
        };
        using (SmallTrainer trainer = SmallRun.Start(RunPath, options)) trainer.Run();
        Report.Write(Folder, Subject(RunPath));
        Page = File.ReadAllText(Path.Combine(Folder, Report.PageName));
    }

    /// <summary>The path of the run, which made 24 updates.</summary>
    public string RunPath => _folder["run"];

    /// <summary>The path of the report's folder.</summary>
    public string Folder => _folder["report"];

    /// <summary>The HTML of the report.</summary>
    public string Page { get; }

    public void Dispose() => _folder.Dispose();

    /// <summary>The subject of a run's report, with the images of <see cref="SmallRun"/>.</summary>
    internal static ReportSubject Subject(string path) =>
        new("run <1>", TrainedModel.Open(path), SmallRun.Test, Split.Test, SmallRun.Train);
}
