using Tessera.Imaging;
using Tessera.Models;
using Tessera.Priors;

namespace Tessera.Tests.Priors;

public sealed class ImageSamplerTests : IDisposable
{
    private static readonly SamplingOptions Options = new() { Seed = 3, Guidance = 0.5f };

    private readonly TemporaryFolder _folder = new();
    private readonly VqVae _model = SmallPrior.Tokenizer();
    private readonly CodePrior _prior = SmallPrior.Create();

    public void Dispose()
    {
        _model.Dispose();
        _prior.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Images_are_the_decoded_codes_of_the_sampler()
    {
        using var sampler = new ImageSampler(_model, _prior);
        using var codes = new CodeSampler(_prior);
        Image[] images = sampler.Sample(3, "dog", Options, TestContext.Current.CancellationToken);
        Assert.Equal(
            SmallPrior.PixelsOf(sampler.Decode(codes.Draw([1, 1, 1], Options))), SmallPrior.PixelsOf(images));
        Assert.All(images, image => Assert.Equal((12, 8), (image.Width, image.Height)));
        Assert.Equal(sampler.Pixels(2), sampler.Pixels(2, options: new SamplingOptions()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_stream_yields_the_images_of_a_sample(int atOnce)
    {
        using var sampler = new ImageSampler(_model, _prior);
        byte[][] expected = sampler.Pixels(6, "cat", Options);
        var found = new List<Image>();
        await foreach (Image image in sampler.Stream(
            "cat", Options, atOnce, TestContext.Current.CancellationToken))
        {
            found.Add(image);
            if (found.Count == 6) break;
        }
        Assert.Equal(expected, SmallPrior.PixelsOf(found));
    }

    [Fact]
    public async Task A_stream_can_be_cancelled_and_refuses_an_unknown_class()
    {
        using var sampler = new ImageSampler(_model, _prior);
        using var stop = new CancellationTokenSource();
        int seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (Image _ in sampler.Stream(atOnce: 2, cancellation: stop.Token))
            {
                if (++seen == 3) await stop.CancelAsync();
            }
        });
        Assert.InRange(seen, 3, 4);
        InputException e = await Assert.ThrowsAsync<InputException>(async () =>
        {
            await foreach (Image _ in sampler.Stream("cow", cancellation: TestContext.Current.CancellationToken))
                Assert.Fail("an image of an unknown class was drawn");
        });
        Assert.Contains("cat, dog", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_completion_keeps_the_codes_that_are_kept_and_draws_the_rest()
    {
        using var sampler = new ImageSampler(_model, _prior);
        Image image = SmallPrior.Images.Image(4);
        int[] codes = sampler.Tokenizer.Encode(image);
        bool[] keep = [true, false, true, false, false, true];
        Image[] completions = sampler.Completed(image, keep, [0, 1], Options);

        int[] given = [.. codes.Select((code, i) => keep[i] ? code : CodeSampler.Open)];
        int[] drawn = sampler.SampleCodes(
            [0, 1], Options, (int[])[.. given, .. given], cancellation: TestContext.Current.CancellationToken);
        Assert.All(
            drawn.Select((code, i) => (code, i % 6)).Where(pair => keep[pair.Item2]),
            pair => Assert.Equal(codes[pair.Item2], pair.code));
        Assert.Equal(SmallPrior.PixelsOf(sampler.Decode(drawn)), SmallPrior.PixelsOf(completions));
        Assert.Equal(
            sampler.Tokenizer.Reconstruct(image).Pixels,
            sampler.Completed(image, [true, true, true, true, true, true], [null]).Single().Pixels);
    }

    [Fact]
    public void An_image_or_mask_of_another_size_is_refused()
    {
        using var sampler = new ImageSampler(_model, _prior);
        Assert.Contains(
            "the prior makes images of 8x12; this one is 16x16",
            Assert.Throws<InputException>(
                () => sampler.Completed(Image.Black(16, 16, 3), new bool[6], [null])).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "5 cells",
            Assert.Throws<InputException>(
                () => sampler.Completed(Image.Black(12, 8, 3), new bool[5], [null])).Message,
            StringComparison.Ordinal);
        Assert.Throws<InputException>(() => sampler.Completed(Image.Black(12, 8, 1), new bool[6], [null]));
    }

    [Fact]
    public void A_prior_over_other_codes_is_refused()
    {
        using VqVae other = SmallPrior.Tokenizer(codes: 4);
        Assert.Contains(
            "the prior is over 5 codes, but the tokenizer has 4",
            Assert.Throws<InputException>(() => new ImageSampler(other, _prior)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_folder_is_opened_with_its_prior()
    {
        WriteModel("run", _model);
        WritePrior(_folder["run", "prior", "model.safetensors"], _folder["run", "model.safetensors"]);
        byte[][] expected;
        using (var sampler = new ImageSampler(_model, _prior)) expected = sampler.Pixels(2, options: Options);
        foreach ((string path, string? prior) in new (string, string?)[]
        {
            (_folder["run"], null), (_folder["run", "model.safetensors"], null),
            (_folder["run"], _folder["run", "prior"]), (_folder["run"], _folder["run", "prior", "model.safetensors"]),
        })
        {
            using ImageSampler sampler = ImageSampler.Open(path, prior);
            Assert.Equal(expected, sampler.Pixels(2, options: Options));
        }
    }

    [Fact]
    public void A_missing_prior_is_named_with_the_option()
    {
        WriteModel("run", _model);
        InputException e = Assert.Throws<InputException>(() => ImageSampler.Open(_folder["run"]));
        Assert.Equal(("Prior", _folder["run"]), (e.Option, e.Value));
        Assert.Contains($"there is no prior {_folder["run", "prior"]}", e.Message, StringComparison.Ordinal);
        Directory.CreateDirectory(_folder["run", "prior"]);
        e = Assert.Throws<InputException>(() => ImageSampler.Open(_folder["run"]));
        Assert.Contains("has no prior yet", e.Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => ImageSampler.Open(_folder["nothing"]));
    }

    [Fact]
    public void A_prior_of_another_tokenizer_is_refused()
    {
        WriteModel("run", _model);
        using (VqVae other = new(_model.Options, seed: 99)) WriteModel("other", other);
        WritePrior(_folder["run", "prior", "model.safetensors"], _folder["other", "model.safetensors"]);
        InputException e = Assert.Throws<InputException>(() => ImageSampler.Open(_folder["run"]));
        Assert.Contains("was trained beside another tokenizer", e.Message, StringComparison.Ordinal);
        Assert.Equal("Prior", e.Option);
        using ImageSampler sampler = ImageSampler.Open(_folder["other"], _folder["run", "prior"]);
        Assert.Single(sampler.Pixels(1));
    }

    private void WriteModel(string folder, VqVae model)
    {
        Directory.CreateDirectory(_folder[folder]);
        ModelFile.Write(_folder[folder, "model.safetensors"], model, dataVariance: null);
    }

    private void WritePrior(string path, string tokenizer)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream stream = File.Create(path);
        PriorFile.Write(stream, _prior, PriorFile.HashOf(tokenizer));
    }
}
