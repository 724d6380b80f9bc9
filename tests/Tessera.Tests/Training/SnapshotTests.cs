using Tessera.Imaging;
using Tessera.Runs;
using Tessera.Tensors.IO;
using Tessera.Training;

namespace Tessera.Tests.Training;

public sealed class SnapshotTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Snapshots_are_due_about_eight_times_per_factor_of_ten()
    {
        long[] due = [.. Enumerable.Range(1, 1000).Select(update => (long)update).Where(SnapshotFolder.IsDue)];
        Assert.Equal([10, 13, 18, 24, 32, 42, 56, 75, 100, 130, 180, 240, 320, 420, 560, 750, 1000], due);
        Assert.Equal(42, Enumerable.Range(1, 200_000).Count(update => SnapshotFolder.IsDue(update)) + 7);
    }

    [Fact]
    public void A_run_with_snapshots_has_the_bits_of_one_without()
    {
        Train("with", takes: true);
        Train("without", takes: false);
        foreach (string file in (string[])["model.safetensors", "series.csv", "eval.csv"])
            Assert.Equal(File.ReadAllBytes(_folder["without", file]), File.ReadAllBytes(_folder["with", file]));
        Assert.False(Directory.Exists(_folder["without", SnapshotFolder.Name]));
        // 12 was the evaluation before the last, and is not due.
        var snapshots = new SnapshotFolder(_folder["with"]);
        Assert.Equal([10, 13, 18, 24], snapshots.Updates());
        int shown = Math.Min(SnapshotTaker.ShownImages, SmallRun.Test.Count);
        Image images = ImageFile.Read(snapshots.ImagesPath(24)), originals = ImageFile.Read(snapshots.OriginalPath);
        Assert.Equal((shown * 16, 16), (images.Width, images.Height));
        Assert.Equal(SmallRun.Test.Image(0).Pixels[..48], originals.Pixels[..48]);
        using NpyReader codes = NpyReader.Open(snapshots.CodesPath(24));
        Assert.Equal([1, SmallRun.Options.Model.Codes], codes.Shape);
        int[] counts = new int[codes.Length];
        codes.Read(counts);
        Assert.Equal(16 * Math.Min(SmallRun.Test.Count, SnapshotTaker.CountFor(16, 16)), counts.Sum());
    }

    [Fact]
    public void A_resumed_run_drops_the_snapshots_after_its_checkpoint()
    {
        Train("run", takes: true);
        var snapshots = new SnapshotFolder(_folder["run"]);
        byte[] whole = File.ReadAllBytes(snapshots.ImagesPath(24));
        foreach (string update in (string[])["20", "24"])
            Directory.Delete(_folder["run", "checkpoints", update], recursive: true);
        using (var learner = new TokenizerLearner(TokenizerRun.Open(_folder["run"]), SmallRun.Train, SmallRun.Test))
        using (var trainer = new Trainer(learner))
        {
            Assert.Equal(10, trainer.Update);
            Assert.Equal([10], snapshots.Updates());
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        Assert.Equal([10, 13, 18, 24], snapshots.Updates());
        Assert.Equal(whole, File.ReadAllBytes(snapshots.ImagesPath(24)));
    }

    private void Train(string name, bool takes)
    {
        TokenizerRun run = TokenizerRun.Create(_folder[name], SmallRun.Options);
        using var learner =
            new TokenizerLearner(run, SmallRun.Train, SmallRun.Test) { TakesSnapshots = takes };
        using var trainer = new Trainer(learner);
        trainer.Run(cancellation: TestContext.Current.CancellationToken);
    }
}
