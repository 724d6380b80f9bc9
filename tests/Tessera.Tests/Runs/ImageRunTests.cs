using Tessera.Features;
using Tessera.ImageRuns;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Tests.Runs;

/// <summary>What the folders of all runs on images have in common.</summary>
public sealed class ImageRunTests : IDisposable
{
    private static readonly string[] Skipped = ["a/cut.png", "b/torn.jpg"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_tokenizers_run_remembers_its_images() => Check(
        new TrainingOptions(), (path, options) => TokenizerRun.Create(path, options, Skipped), TokenizerRun.Open,
        (run, options) => ((TokenizerRun)run).WithOptions(options));

    [Fact]
    public void A_priors_run_remembers_its_images() => Check(
        new PriorOptions { Data = "shapes" }, (path, options) => PriorRun.Create(path, options, Skipped), PriorRun.Open,
        (run, options) => ((PriorRun)run).WithOptions(options));

    [Fact]
    public void A_classifiers_run_remembers_its_images() => Check(
        new ClassifierOptions { Model = new ClassifierSizes { Classes = ["a", "b"] } },
        (path, options) => ClassifierRun.Create(path, options, Skipped), ClassifierRun.Open,
        (run, options) => ((ClassifierRun)run).WithOptions(options));

    private void Check<TOptions>(
        TOptions options, Func<string, TOptions, ImageRun<TOptions>> create, Func<string, ImageRun<TOptions>> open,
        Action<ImageRun<TOptions>, TOptions> change)
        where TOptions : ImageRunOptions
    {
        string path = _folder["run"];
        create(path, options);
        ImageRun<TOptions> run = open(path);
        Assert.Equal(options, run.Options);
        Assert.Equal(Skipped, run.ReadSkipped());

        // What a resumed run can change is written; what it cannot is refused, and the file stays.
        TOptions moved = options with { DataDir = _folder.Path, Budget = TrainingBudget.OfUpdates(7) };
        change(run, moved);
        Assert.Equal(moved, open(path).Options);
        Assert.Throws<InputException>(() => change(run, options with { Flips = !options.Flips }));
        Assert.Equal(moved, open(path).Options);
    }
}
