using Tessera.Analysis;
using Tessera.Features;
using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Random;
using Tessera.Tests.Features;
using Tessera.Tests.Runs;
using Tessera.Training;

namespace Tessera.Tests.Training;

/// <summary>The terms of a tokenizer's loss, and runs with them.</summary>
public sealed class LossTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Devices))]
    public void MS_SSIM_agrees_with_PyTorch(int? threads, string? kernels)
    {
        var fixture = ParityFixture.Load("losses");
        using var device = new CpuDevice(threads, kernels);
        foreach (string test in fixture.Lines("ms_ssim"))
        {
            Shape shape = fixture.ShapeOf($"{test}/x");
            Assert.Equal(
                fixture.Integers($"{test}/scales")[0], MultiScaleSimilarity.ScalesFor(Math.Min(shape[1], shape[2])));
            using var similarity = new MultiScaleSimilarity(shape[1], shape[2], shape.Last, device);
            using var tape = new Tape(device);
            Tensor x = tape.Variable(fixture.Values($"{test}/x"), shape);
            Tensor y = tape.Variable(fixture.Values($"{test}/y"), shape);
            Tensor loss = similarity.Dissimilarity(x, y);
            tape.Backward(loss);
            fixture.AssertClose($"{test}/loss", loss, device.Description);
            fixture.AssertClose($"{test}/dx", x.Gradient!, device.Description);
            fixture.AssertClose($"{test}/dy", y.Gradient!, device.Description);
        }
    }

    /// <summary>
    /// One scale under a uniform window is the SSIM of evaluations. That has sample covariances, n / (n - 1) times
    /// those of the mean: a C2 that is smaller by as much gives the same quotient.
    /// </summary>
    [Fact]
    public void At_one_scale_it_is_the_SSIM_of_evaluations()
    {
        const int Window = 7, Count = Window * Window;
        float[] first = [.. Enumerable.Range(0, 20 * 16 * 3).Select(i => 0.5f + 0.4f * MathF.Sin(0.7f * i))];
        float[] second = [.. first.Select((value, i) => value + 0.3f * MathF.Cos(1.3f * i))];
        double expected = ImageMetrics.Ssim(first, second, 20, 16, 3);
        using var similarity = new MultiScaleSimilarity(
            [.. Enumerable.Repeat(1f / Window, Window)], scales: 1, channels: 3, 0.03f * 0.03f * (Count - 1) / Count,
            Device.Default, mirrors: false);
        using var tape = new Tape(recording: false);
        Tensor x = tape.Input([.. first.Select(value => value - 0.5f)], [1, 20, 16, 3]);
        Tensor y = tape.Input([.. second.Select(value => value - 0.5f)], [1, 20, 16, 3]);
        Assert.InRange(expected, 0.2, 0.98);
        // Variances are differences of float32 squares.
        Assert.Equal(expected, 1 - similarity.Dissimilarity(x, y).Item(), 2e-5);
    }

    /// <summary>An error at the border must cost what it costs elsewhere, or the border stays untrained.</summary>
    [Fact]
    public void MS_SSIM_sees_the_border()
    {
        const int Side = 32, Noises = 40;
        float[] image =
            [.. Enumerable.Range(0, Side * Side).Select(i => 0.3f * MathF.Sin(0.5f * (i % Side + i / Side)))];
        using var similarity = new MultiScaleSimilarity(Side, Side, 1, Device.Default);
        double[] squares = new double[Side / 2];
        for (uint noise = 0; noise < Noises; noise++)
        {
            float[] other = new float[image.Length];
            new CounterRandom(noise, 1).FillNormal(other);
            for (int i = 0; i < other.Length; i++) other[i] = image[i] + 0.1f * other[i];
            using var tape = new Tape();
            Tensor x = tape.Variable(other, [1, Side, Side, 1]);
            tape.Backward(similarity.Dissimilarity(x, tape.Input(image, [1, Side, Side, 1])));
            float[] gradient = x.Gradient!.ToArray();
            for (int i = 0; i < gradient.Length; i++)
            {
                int row = i / Side, column = i % Side;
                int ring = Math.Min(Math.Min(row, column), Side - 1 - Math.Max(row, column));
                squares[ring] += (double)gradient[i] * gradient[i] / (Noises * 4 * (Side - 1 - 2 * ring));
            }
        }
        double[] gradients = [.. squares.Select(Math.Sqrt)];
        Assert.All(gradients, (gradient, ring) => Assert.True(
            gradient > 0.5 * gradients[8],
            $"the gradient is {gradient:E1} at {ring} pixels from the border, {gradients[8]:E1} at 8 pixels"));
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(21, 1)]
    [InlineData(22, 2)]
    [InlineData(32, 2)]
    [InlineData(64, 3)]
    [InlineData(176, 5)]
    [InlineData(4096, 5)]
    public void There_are_as_many_scales_as_the_side_allows(int side, int scales) =>
        Assert.Equal(scales, MultiScaleSimilarity.ScalesFor(side));

    [Fact]
    public void The_parts_add_up_and_the_error_is_measured_whatever_the_loss()
    {
        var options = new LossOptions { Pixel = PixelLoss.L1MsSsim, Perceptual = 0.3f, Features = "f" };
        using var model = new Tessera.Models.VqVae(SmallRun.Options.Model, seed: 3);
        using var loss = new ReconstructionLoss(
            options, 16, 16, 3, new FeatureNetwork(SmallClassifier.Options.Model.Layers, new Initializer(1)));
        using var tape = new Tape(recording: false);
        Tensor images = tape.Input(
            [.. Enumerable.Range(0, 2 * 16 * 16 * 3).Select(i => 0.4f * MathF.Sin(0.3f * i))], [2, 16, 16, 3]);
        TrainingLoss plain = TrainingLoss.Of(model, images, 0.06), other = TrainingLoss.Of(model, images, 0.06, loss);
        Assert.Equal(plain.ReconError.Item(), other.ReconError.Item());
        Assert.Null(plain.Perceptual);
        Tensor reconstruction = model.Forward(images).Reconstruction;
        Assert.Equal(
            loss.Pixel(reconstruction, images)!.Item() + 0.3 * other.Perceptual!.Item()
            + other.Quantized.Loss.Item(),
            other.Total.Item(), 1e-5);
    }

    [Theory]
    [InlineData(PixelLoss.L1MsSsim, 0f)]
    [InlineData(PixelLoss.Mse, 0.5f)]
    [InlineData(PixelLoss.L1MsSsim, 0.5f)]
    public void A_run_interrupted_and_resumed_writes_the_same_bytes_with_any_threads(PixelLoss pixel, float perceptual)
    {
        TrainingOptions options = Options(pixel, perceptual);
        using (SmallTrainer whole = SmallRun.Start(_folder["whole"], options)) Finish(whole);
        using (var stop = new CancellationTokenSource())
        {
            using SmallTrainer part = SmallRun.Start(_folder["parts"], options with { Threads = 3 });
            var progress = new Reports(report => { if (report.Update == 13) stop.Cancel(); });
            Assert.Throws<OperationCanceledException>(() => part.Run(progress, stop.Token));
        }
        // The copy in the run is enough.
        if (perceptual > 0) File.Delete(options.Loss.Features!);
        using (SmallTrainer rest = SmallRun.Resume(_folder["parts"])) Finish(rest);
        Assert.Equal(SmallRun.Files(_folder["whole"], 24), SmallRun.Files(_folder["parts"], 24));
        Assert.Equal(
            perceptual > 0,
            File.ReadLines(_folder["whole", "metrics.csv"]).First().Contains("perceptual", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_update_submits_the_same_primitives_on_the_same_storages_and_downloads_nothing()
    {
        using var device = new RecordingDevice();
        TrainingOptions options = Options(PixelLoss.L1MsSsim, 0.5f) with
        {
            Budget = TrainingBudget.OfUpdates(8),
            EvalEvery = 1000,
        };
        using (SmallTrainer trainer = SmallRun.Start(_folder["run"], options, device)) Finish(trainer);
        string[] second = device.Primitives[1];
        Assert.Contains(second, primitive => primitive.StartsWith("UnitRowDistance(", StringComparison.Ordinal));
        Assert.DoesNotContain(second, primitive => primitive.StartsWith("Download(", StringComparison.Ordinal));
        Assert.DoesNotContain(second, primitive => primitive.StartsWith("Upload(", StringComparison.Ordinal));
        Assert.All(device.Primitives[2..], primitives => Assert.Equal(second, primitives));
    }

    [Fact]
    public void A_perceptual_term_makes_the_features_nearer()
    {
        TrainingOptions options = Options(PixelLoss.Mse, 1) with { Budget = TrainingBudget.OfUpdates(150) };
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], options);
        var distances = new List<double>();
        Finish(trainer, Reports.OfUpdates(report => distances.Add(report.Window.Last("perceptual"))));
        Assert.True(distances[^1] < 0.8 * distances[0], $"from {distances[0]} to {distances[^1]}");
    }

    [Fact]
    public void A_missing_or_unfit_network_is_refused_and_makes_no_folder()
    {
        TrainingOptions options = Options(PixelLoss.Mse, 1);
        File.Delete(options.Loss.Features!);
        Assert.Throws<InputException>(() => TokenizerRun.Create(_folder["run"], options));
        Assert.False(Directory.Exists(_folder["run"]), "the folder was made");

        TrainingOptions grey = Options(PixelLoss.Mse, 1, channels: 1);
        Assert.Contains(
            "takes images with 1 channels",
            Assert.Throws<InputException>(() => SmallRun.Start(_folder["grey"], grey)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_copy_in_the_run_is_named()
    {
        using (SmallTrainer trainer = SmallRun.Start(_folder["run"], Options(PixelLoss.Mse, 1))) Finish(trainer);
        File.WriteAllText(_folder["run", "features.safetensors"], "damaged");
        Assert.Contains(
            "features.safetensors",
            Assert.Throws<InputException>(() => SmallRun.Resume(_folder["run"])).Message, StringComparison.Ordinal);
    }

    public static TheoryData<LossOptions, string> BadOptions => new()
    {
        { new LossOptions { Pixel = (PixelLoss)9 }, "Pixel" },
        { new LossOptions { Perceptual = -1, Features = "f" }, "Perceptual" },
        { new LossOptions { Perceptual = float.NaN, Features = "f" }, "Perceptual" },
        // The option that mends it.
        { new LossOptions { Perceptual = 1 }, "Features" },
        { new LossOptions { Features = "f" }, "Perceptual" },
    };

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Options_out_of_range_are_refused(LossOptions loss, string name) => Assert.Equal(
        name, Assert.Throws<InputException>((SmallRun.Options with { Loss = loss }).Validate).Option);

    [Fact]
    public void A_config_of_an_older_version_has_the_reference_notebooks_loss()
    {
        TokenizerRun run = TokenizerRun.Create(_folder["run"], SmallRun.Options);
        string path = _folder["run", "config.json"], config = File.ReadAllText(path);
        int start = config.IndexOf("\"loss\"", StringComparison.Ordinal);
        int end = config.IndexOf("},", start, StringComparison.Ordinal);
        File.WriteAllText(path, config.Remove(start, end + 2 - start));
        Assert.Equal(run.Options, TokenizerRun.Open(_folder["run"]).Options);
    }

    private static void Finish(SmallTrainer trainer, IProgress<RunProgress>? progress = null) =>
        trainer.Run(progress, TestContext.Current.CancellationToken);

    private TrainingOptions Options(PixelLoss pixel, float perceptual, int channels = 3)
    {
        string path = _folder[$"features{channels}.safetensors"];
        ClassifierSizes sizes = SmallClassifier.Options.Model with { Channels = channels };
        using (var network = new FeatureNetwork(sizes.Layers, new Initializer(1))) FeatureFile.Write(path, network);
        return SmallRun.Options with
        {
            Loss = new LossOptions
            {
                Pixel = pixel,
                Perceptual = perceptual,
                Features = perceptual > 0 ? path : null,
            },
        };
    }
}
