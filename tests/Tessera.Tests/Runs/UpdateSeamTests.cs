using System.Reflection;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Tensors.Devices;
using Tessera.Tests.Training;
using Tessera.Training;

namespace Tessera.Tests.Runs;

/// <summary>
/// What an update exchanges with its device: the host does not wait for a device that runs behind it.
/// </summary>
public sealed class UpdateSeamTests : IDisposable
{
    private const int Updates = 105;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (Preset preset in Preset.All) cases.Add(preset.Name, 0);
        foreach (QuantizerOptions quantizer in QuantizerOptions.All)
        {
            cases.Add(quantizer.Kind, 0);
            if (quantizer is CodebookOptions) cases.Add(quantizer.Kind, 3);
        }
        cases.Add(Cells, 0);
        cases.Add(Similarity, 0);
        cases.Add(TwoLevels, 0);
        cases.Add(TwoLevels, 3);
        return cases;
    }

    // Two groups of a residual quantizer, with updates that leave levels out.
    private const string Cells = "cells", TwoLevels = "two levels";

    // L1 + MS-SSIM, which keeps the places of mirrored pixels on the device.
    private const string Similarity = "similarity";

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// The numbers of an update are one block. A row of the metrics every 100 updates, and the search for dead codes
    /// every 10, each read once for a codebook; codes that are moved need two lists of rows.
    /// </summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void An_update_uploads_one_small_block_and_downloads_nothing(string name, int lookupDim)
    {
        TrainingOptions options = OptionsOf(name, lookupDim);
        int codebooks = options.Model.Cell.Codebooks;
        bool revives = options.Model.Quantizer is RunningAverageOptions { Revival: > 0 };
        using var device = new CountingDevice();
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], options, device);
        (int Uploads, long Bytes, int Downloads) before = default;
        int looks = 0;
        trainer.Run(Reports.OfUpdates(report =>
        {
            (int uploads, long bytes, int downloads) = (
                device.Uploads - before.Uploads, device.UploadedBytes - before.Bytes,
                device.Downloads - before.Downloads);
            before = (device.Uploads, device.UploadedBytes, device.Downloads);
            // The first update follows the upload of the weights, the last one is followed by a row.
            if (report.Update is 1 or Updates) return;
            // Codes are moved in the first 95% of a run.
            bool looksForDeadCodes = revives && report.Update % 10 == 1 && report.Update - 1 < 0.95 * Updates;
            if (looksForDeadCodes)
            {
                looks++;
                Assert.Equal(codebooks, downloads);
                Assert.InRange(uploads, 1, 1 + 2 * codebooks);
                return;
            }
            Assert.Equal((report.Update, report.IsMetricsRow ? 1 : 0), (report.Update, downloads));
            Assert.Equal((report.Update, 1), (report.Update, uploads));
            Assert.InRange(bytes, 4 * options.Batch, 4 * options.Batch + 4096);
        }), TestContext.Current.CancellationToken);
        Assert.Equal(revives ? 9 : 0, looks);
    }

    /// <summary>
    /// A device may record the first run of the work and replay it, so the work is one delegate, and what it enqueues
    /// does not change: neither the primitives nor their constants nor the memory that they read and write.
    /// </summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_update_submits_the_same_primitives_on_the_same_storages(string name, int lookupDim)
    {
        TrainingOptions options = OptionsOf(name, lookupDim) with { Budget = TrainingBudget.OfUpdates(14) };
        using var device = new RecordingDevice();
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], options, device);
        var submissions = new List<int>();
        trainer.Run(
            Reports.OfUpdates(_ => submissions.Add(device.Submitted.Count)), TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(1, 14), submissions);
        Assert.All(device.Submitted, work => Assert.Same(device.Submitted[0], work));
        string[] second = device.Primitives[1];
        Assert.Contains(second, primitive => primitive.StartsWith("Conv2d(", StringComparison.Ordinal));
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

    [Fact]
    public void Every_primitive_is_recorded()
    {
        string[] primitives = Overridable(typeof(Device)), recorded = Overridable(typeof(RecordingDevice));
        Assert.Contains("Orthogonalize", primitives);
        Assert.Empty(primitives.Except(recorded));

        static string[] Overridable(Type type) =>
        [
            .. type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                .Where(method => method.IsVirtual && method.ReturnType == typeof(void)).Select(method => method.Name),
        ];
    }

    /// <summary>An evaluation and a checkpoint between updates leave the memory of the updates as it is.</summary>
    [Fact]
    public void An_evaluation_does_not_move_the_memory_of_the_updates()
    {
        TrainingOptions options = OptionsOf("ema", 0) with
        {
            Budget = TrainingBudget.OfUpdates(9),
            EvalEvery = 4,
            CheckpointEvery = 5,
        };
        using var device = new RecordingDevice();
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], options, device);
        trainer.Run(cancellation: TestContext.Current.CancellationToken);
        Assert.All(device.Primitives[2..], primitives => Assert.Equal(device.Primitives[1], primitives));
    }

    /// <summary>A preset as it is, or a quantizer with every option that adds work to an update; both small.</summary>
    private static TrainingOptions OptionsOf(string name, int lookupDim)
    {
        TrainingOptions options = SmallRun.Options;
        if (Preset.All.FirstOrDefault(preset => preset.Name == name) is { } preset)
        {
            options = preset.Options with { Threads = null };
        }
        else
        {
            QuantizerOptions quantizer = name is Cells or Similarity
                ? new EmaVectorQuantizerOptions()
                : name == TwoLevels
                ? SmallRun.WithAll(new EmaVectorQuantizerOptions())
                : SmallRun.WithAll(QuantizerOptions.Find(name));
            VqVaeOptions model = options.Model with
            {
                Quantizer = quantizer,
                LookupDim = lookupDim,
            };
            if (name == Cells)
                model = model with
                {
                    Cell = new() { Groups = 2, Depth = 2, LevelDropout = 0.5f },
                    Quantizer = SmallRun.WithoutKeptSmoothing(model.Quantizer),
                };
            if (name == TwoLevels) model = model with { Cell = new() { Top = true } };
            if (name == Similarity)
                options = options with { Loss = new LossOptions { Pixel = PixelLoss.L1MsSsim } };
            options = options with
            {
                Model = model,
                Optimizer = OptimizerKind.Muon,
                WarmUp = 5,
                LearningRateShape = Tensors.Optim.LearningRateShape.Cosine,
                Flips = true,
                ClipNorm = 0.5f,
                WeightDecay = 0.01f,
                AverageDecay = 0.9,
            };
        }
        return options with
        {
            // Muon trains convolutions with at least 16 channels.
            Model = options.Model with
            {
                Hidden = 32,
                ResidualHidden = 16,
                ResidualLayers = 1,
                Codes = SmallRun.CodesFor(options.Model.Quantizer),
                CodeDim = name == Cells ? 6 : 5,
            },
            Size = 16,
            Batch = 6,
            Budget = TrainingBudget.OfUpdates(Updates),
            CheckpointEvery = 1000,
            EvalEvery = 1000,
        };
    }
}
