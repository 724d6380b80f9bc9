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
        // A codebook that starts among the encoder's vectors: after 24 updates several codes are in use.
        TrainingOptions options = SmallRun.Options with { Model = SmallRun.Options.Model with { Quantizer = new VectorQuantizerOptions() } };
        using (Trainer trainer = SmallRun.Start(RunPath, options)) trainer.Run();
        Report.Write(Folder, Subject(RunPath));
        Page = File.ReadAllText(Path.Combine(Folder, Report.PageName));
    }

    /// <summary>The run: 24 updates.</summary>
    public string RunPath => _folder["run"];

    /// <summary>The folder of its report.</summary>
    public string Folder => _folder["report"];

    /// <summary>The text of its page.</summary>
    public string Page { get; }

    public void Dispose() => _folder.Dispose();

    /// <summary>A small run with the pictures of small runs.</summary>
    internal static ReportSubject Subject(string path) =>
        new("run <1>", TrainedModel.Open(path), SmallRun.Test, Split.Test, SmallRun.Train);
}
