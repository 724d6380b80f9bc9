using Tessera.Priors;
using Tessera.Runs;
using Tessera.Tensors.Optim;
using Tessera.Tests.Runs;
using Tessera.Tests.Training;

namespace Tessera.Tests.Priors;

/// <summary>
/// What an update of a prior exchanges with its device; <see cref="UpdateSeamTests"/> has the tokenizer's.
/// </summary>
public sealed class PriorSeamTests : IDisposable
{
    private const int Updates = 105;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<float, OptimizerKind> Cases => new()
    {
        { 0, OptimizerKind.Adam }, { 0, OptimizerKind.Muon }, { 0.2f, OptimizerKind.Adam },
        { 0.2f, OptimizerKind.Muon },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_update_uploads_one_small_block_and_downloads_nothing(float dropout, OptimizerKind optimizer)
    {
        PriorOptions options = Options(dropout, optimizer, Updates);
        using var device = new CountingDevice();
        (int Uploads, long Bytes, int Downloads) before = default;
        int seen = 0;
        SmallPriorRun.Finish(PriorRun.Create(_folder["run"], options), Reports.OfUpdates(report =>
        {
            (int uploads, long bytes, int downloads) = (
                device.Uploads - before.Uploads, device.UploadedBytes - before.Bytes,
                device.Downloads - before.Downloads);
            before = (device.Uploads, device.UploadedBytes, device.Downloads);
            seen++;
            // The first update follows the upload of the weights, the last one is followed by a row.
            if (report.Update is 1 or Updates) return;
            Assert.Equal((report.Update, report.IsMetricsRow ? 1 : 0), (report.Update, downloads));
            Assert.Equal((report.Update, 1), (report.Update, uploads));
            Assert.InRange(bytes, 8 * options.Batch, 8 * options.Batch + 4096);
        }), device: device);
        Assert.Equal(Updates, seen);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_update_submits_the_same_primitives_on_the_same_storages(float dropout, OptimizerKind optimizer)
    {
        using var device = new RecordingDevice();
        SmallPriorRun.Finish(PriorRun.Create(_folder["run"], Options(dropout, optimizer, 14)), device: device);
        Assert.Equal(14, device.Submitted.Count);
        Assert.All(device.Submitted, work => Assert.Same(device.Submitted[0], work));
        string[] second = device.Primitives[1];
        Assert.Contains(second, primitive => primitive.StartsWith("Attention(", StringComparison.Ordinal));
        Assert.Equal(
            dropout > 0, second.Any(primitive => primitive.StartsWith("Dropout(", StringComparison.Ordinal)));
        Assert.DoesNotContain(second, primitive => primitive.StartsWith("Upload(", StringComparison.Ordinal));
        Assert.DoesNotContain(second, primitive => primitive.StartsWith("Download(", StringComparison.Ordinal));
        // The first update allocates.
        for (int update = 3; update <= 14; update++)
        {
            string[] found = device.Primitives[update - 1];
            for (int i = 0; i < Math.Min(second.Length, found.Length); i++)
                Assert.True(second[i] == found[i], $"primitive {i} of update {update} is {found[i]}, not {second[i]}");
            Assert.Equal(second.Length, found.Length);
        }
    }

    /// <summary>Every option that adds work to an update.</summary>
    private static PriorOptions Options(float dropout, OptimizerKind optimizer, int updates) =>
        SmallPriorRun.Options with
        {
            Optimizer = optimizer,
            Model = SmallPriorRun.Options.Model with { Dropout = dropout },
            Budget = TrainingBudget.OfUpdates(updates),
            WarmUp = 5,
            LearningRateShape = LearningRateShape.Cosine,
            AverageDecay = 0.9,
            CheckpointEvery = 1000,
            EvalEvery = 1000,
        };
}
