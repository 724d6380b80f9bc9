using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Samples;
using Tessera.Tests.Training;
using Tessera.Tokens;
using Tessera.Training;

namespace Tessera.Tests.Samples;

public sealed class SampleTests : IDisposable
{
    private static readonly VqVae Model =
        StartedModel.Create(StartedModel.Options, [SyntheticShapes.Image(0), SyntheticShapes.Image(1)]);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EncodeImage_gives_the_codes_of_the_resized_image()
    {
        (string model, string image) = Write(SyntheticShapes.Image(5, size: 64));

        int[] codes = EncodeImage.Run(model, image);

        Image fitted = ImageTransform.Fit(SyntheticShapes.Image(5, size: 64), 32, 32, channels: 3);
        using var tokenizer = new Tokenizer(Model);
        Assert.Equal(tokenizer.Encode(fitted), codes);
        Assert.True(codes.Distinct().Count() > 1, "all codes are the same");
    }

    [Fact]
    public void DecodeEditedCodes_writes_the_image_of_the_mirrored_codes()
    {
        (string model, string image) = Write(SyntheticShapes.Image(5));

        DecodeEditedCodes.Run(model, image, _folder["edited.png"]);

        using var tokenizer = new Tokenizer(Model);
        int[] codes = tokenizer.Encode(SyntheticShapes.Image(5));
        int[] edited = [.. codes.Chunk(8).SelectMany(row => (int[])[.. row[..4], .. row[..4].Reverse()])];
        Assert.NotEqual(codes, edited);
        Assert.Equal(tokenizer.Decode(edited, 8, 8).Pixels, ImageFile.Read(_folder["edited.png"]).Pixels);
    }

    [Fact]
    public async Task DrawImages_writes_the_images_of_the_sampler_and_streams_them()
    {
        (string model, _) = Write(SyntheticShapes.Image(5));
        var options = new CodePriorOptions
        {
            Codes = 64,
            Rows = 8,
            Columns = 8,
            Classes = ["cat", "dog"],
            Width = 16,
            Layers = 1,
            Heads = 2,
        };
        using var prior = new CodePrior(options, seed: 1);
        Directory.CreateDirectory(_folder["prior"]);
        using (FileStream stream = File.Create(_folder["prior", "model.safetensors"]))
            PriorFile.Write(stream, prior, PriorFile.HashOf(model));

        DrawImages.Run(_folder.Path, "dog", _folder["dogs.png"]);
        await DrawImages.Stream(_folder.Path, _folder.Path, count: 5);

        using var sampler = new ImageSampler(Model, prior);
        CancellationToken stop = TestContext.Current.CancellationToken;
        Image[] dogs = sampler.Sample(
            8, "dog", new SamplingOptions { Guidance = 1, Seed = 7 }, stop);
        Assert.Equal(ImageGrid.Make(dogs, columns: 4).Pixels, ImageFile.Read(_folder["dogs.png"]).Pixels);
        Image[] any = sampler.Sample(5, cancellation: stop);
        for (int i = 0; i < 5; i++) Assert.Equal(any[i].Pixels, ImageFile.Read(_folder[$"{i}.png"]).Pixels);
    }

    [Fact]
    public void TrainOnOwnImages_makes_a_run_and_measures_it()
    {
        Evaluation? result = TrainOnOwnImages.Run(
            OwnImages(), _folder["run"], updates: 2, TestContext.Current.CancellationToken);

        Assert.NotNull(result);
        Assert.InRange(result.Psnr, 5, 30);
        Assert.True(File.Exists(_folder["run", "model.safetensors"]), "the run has ended without a model");
    }

    [Fact]
    public void TrainOnOwnImages_resumes_a_run_that_was_stopped()
    {
        string images = OwnImages();
        TrainingOptions options =
            SmallRun.Options with { Data = images, Size = 32, Budget = TrainingBudget.OfUpdates(5) };
        using var stop = new CancellationTokenSource();
        using (var learner = new TokenizerLearner(
            TokenizerRun.Create(_folder["run"], options),
            ImageFolder.Load(images, Split.Train, 32, cancellation: stop.Token),
            ImageFolder.Load(images, Split.Test, 32, cancellation: stop.Token)))
        using (var trainer = new Trainer(learner))
        {
            var progress = new Reports(p => { if (p.Update == 2) stop.Cancel(); });
            Assert.Throws<OperationCanceledException>(() => trainer.Run(progress, stop.Token));
        }

        Assert.NotNull(
            TrainOnOwnImages.Run(images, _folder["run"], updates: 1, TestContext.Current.CancellationToken));

        Assert.Equal(
            ["1", "2", "3", "4", "5"],
            File.ReadLines(_folder["run", "series.csv"]).Skip(1).Select(row => row.Split(',')[0]));
    }

    [Fact]
    public void TrainOnOwnImages_can_be_cancelled() =>
        Assert.Null(TrainOnOwnImages.Run(
            OwnImages(), _folder["run"], updates: 2, new CancellationToken(canceled: true)));

    [Fact]
    public void TrainFromStore_packs_images_once_and_trains_on_them()
    {
        string images = OwnImages();
        Evaluation result = TrainFromStore.Run(images, _folder["photos.tpk"], _folder["run"], updates: 2);
        Assert.InRange(result.Psnr, 5, 30);
        byte[] packed = File.ReadAllBytes(_folder["photos.tpk"]);
        TrainFromStore.Run(images, _folder["photos.tpk"], _folder["again"], updates: 1);
        Assert.Equal(packed, File.ReadAllBytes(_folder["photos.tpk"]));
    }

    // The bounds are slightly above the losses that the samples state; a constant grey has 0.049.
    [Fact]
    public void QuantizerInOwnModel_reaches_its_stated_loss() =>
        Assert.InRange(
            QuantizerInOwnModel.Run(SyntheticShapes.Load(Split.Train, trainCount: 2000, testCount: 1), updates: 300),
            0, 0.02);

    [Fact]
    public void OtherQuantizers_give_the_codes_that_they_state()
    {
        (int[] rounded, Image? none) = OtherQuantizers.Run(OtherQuantizers.Rounded);
        Assert.Equal((64, null), (rounded.Length, none));
        Assert.InRange(rounded.Max(), 0, 999);
        (int[] residual, Image? coarse) = OtherQuantizers.Run(OtherQuantizers.Residual);
        Assert.Equal((64 * 4, 32, 32), (residual.Length, coarse!.Height, coarse.Width));
        Assert.Equal(64 * 2, OtherQuantizers.Run(OtherQuantizers.Grouped).Codes.Length);
    }

    [Fact]
    public void OwnModule_reaches_its_stated_loss() =>
        Assert.InRange(
            OwnModule.Run(SyntheticShapes.Load(Split.Train, trainCount: 2000, testCount: 1), updates: 300), 0, 0.003);

    [Fact]
    public void OwnOperation_gives_its_stated_gradient() => Assert.Equal([12f, 48], OwnOperation.Run());

    [Fact]
    public void OwnDevice_counts_the_layers_of_encoder_and_decoder() => Assert.Equal(15, OwnDevice.Run());

    [Fact]
    public void LookUpRows_learns_the_mean_colours()
    {
        ImageSet images = SyntheticShapes.Load(Split.Train, size: 8, trainCount: 200, testCount: 1);
        float[] colours = LookUpRows.Run(images, updates: 400);
        for (int label = 0; label < images.ClassNames.Count; label++)
        {
            byte[][] all = [.. images.First(200).Where((_, i) => images.Label(i) == label).Select(one => one.Pixels)];
            for (int c = 0; c < 3; c++)
                Assert.Equal(
                    all.Average(pixels => pixels.Where((_, i) => i % 3 == c).Average(value => value)),
                    colours[3 * label + c], 1.0);
        }
    }

    [Fact]
    public void OwnLearner_reaches_its_stated_loss_and_resumes()
    {
        ImageSet train = SyntheticShapes.Load(Split.Train, trainCount: 500, testCount: 1);
        ImageSet test = SyntheticShapes.Load(Split.Test, trainCount: 1, testCount: 50);
        double error = OwnLearner.Train(_folder["run"], train, test, updates: 200);
        Assert.InRange(error, 0, 0.0015);
        Assert.Equal(201, File.ReadAllLines(_folder["run", "series.csv"]).Length);
        // A finished run is opened with its own options, and has nothing left to do.
        Assert.Equal(error, OwnLearner.Train(_folder["run"], train, test, updates: 1));
        Assert.Equal(200, OwnRun.OpenOrCreate(_folder["run"], new OwnOptions()).Options.Budget.Updates);
    }

    private string OwnImages()
    {
        for (int i = 0; i < 40; i++) _folder.Write($"images/{i:00}.png", ImageFile.EncodePng(SyntheticShapes.Image(i)));
        return _folder["images"];
    }

    private (string Model, string Image) Write(Image image)
    {
        ModelFile.Write(_folder["model.safetensors"], Model, dataVariance: null);
        return (_folder["model.safetensors"], _folder.Write("image.png", ImageFile.EncodePng(image)));
    }
}
