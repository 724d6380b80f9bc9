using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Reporting.Figures;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;
using Tessera.Tokens;
using Tessera.Training;

namespace Tessera.Tests.Reporting;

public class MeasurementTests
{
    private static readonly VqVaeOptions Small =
        new() { Hidden = 8, ResidualHidden = 4, ResidualLayers = 0, Codes = 9, CodeDim = 4 };

    [Theory]
    [InlineData(32, 32)]
    [InlineData(32, 33)]
    [InlineData(32, 2000)]
    [InlineData(32, 20_000)]
    [InlineData(5, 7)]
    public void A_sample_takes_one_image_from_each_part_of_a_set(int count, int whole)
    {
        int[] numbers = [.. Enumerable.Range(0, count).Select(i => ImageSample.Number(i, count, whole))];
        for (int i = 0; i < count; i++)
            Assert.InRange(numbers[i], i * whole / count, (i + 1) * whole / count - 1);
        Assert.Equal(count, numbers.Distinct().Count());
    }

    [Fact]
    public void A_sample_of_a_set_with_alternating_classes_has_most_classes() =>
        Assert.InRange(
            Enumerable.Range(0, 32).Select(i => ImageSample.Number(i, 32, 20_000) % 10).Distinct().Count(), 8, 10);

    [Fact]
    public void Reconstructions_are_those_of_the_tokenizer_and_errors_their_distances()
    {
        var model = new VqVae(Small, seed: 3);
        using var tokenizer = new Tokenizer(model);
        ImageSet images = Images(16, 3, 5);
        ImageSample sample = ImageSample.Of(Probe(model), images, [4, 0]);
        float[][] errors = sample.AbsoluteErrors();
        foreach ((int i, int number) in new[] { (0, 4), (1, 0) })
        {
            Image expected = tokenizer.Reconstruct(images.Image(number));
            Assert.Equal(images.Image(number).Pixels, sample.Originals[i].Pixels);
            Assert.Equal(expected.Pixels, sample.Reconstructions[i].Pixels);
            double mean = expected.Pixels.Zip(sample.Originals[i].Pixels, (x, y) => Math.Abs(x - y) / 255.0).Average();
            Assert.Equal(mean, errors[i].Average(), 1e-5);
            Assert.Equal(256, errors[i].Length);
        }
    }

    [Theory]
    [InlineData(32, 5, 0, 5)]
    [InlineData(32, 31, 3, 7)]
    [InlineData(16, 5, 1, 1)]
    [InlineData(16, 17, 0, 1)]
    public void The_masked_cell_is_the_reference_notebooks(int size, int image, int row, int column)
    {
        var maps = new LatentMaps(32, size / 4, size / 4, 3);
        Assert.Equal(row * (size / 4) + column, MaskedCells.CellOf(image, maps));
    }

    [Fact]
    public void A_masked_reconstruction_is_decoded_with_one_latent_set_to_zero()
    {
        var model = new VqVae(Small, seed: 3);
        ModelProbe probe = Probe(model);
        ImageSample sample = ImageSample.Of(probe, Images(16, 3, 3), [0, 1, 2]);
        Image[] masked = MaskedCells.Decode(probe, sample.Latents);
        float[] latents = [.. sample.Latents.Of(2)];
        latents.AsSpan(2 * Small.CodeDim, Small.CodeDim).Clear();
        float[] expected = model.Decode(Tensors.Tensor.From(latents, [1, 4, 4, Small.CodeDim])).ToArray();
        byte[] bytes = new byte[expected.Length];
        PixelValues.ToBytes(expected, bytes);
        Assert.Equal(bytes, masked[2].Pixels);
        Assert.NotEqual(sample.Reconstructions[2].Pixels, masked[2].Pixels);
    }

    [Fact]
    public void Influence_ends_at_the_reach_of_the_decoder()
    {
        // The decoder without residual blocks: a 3x3 convolution and two transposed ones, which add a pixel or two.
        var probe = Probe(new VqVae(Small, seed: 3));
        ImageSample sample = ImageSample.Of(probe, Images(32, 3, 4), [0, 1, 2, 3]);
        InfluenceMap map = InfluenceMap.Measure(probe, sample.Latents);
        Assert.Equal(8, map.Reach);
        Assert.Equal(20 * 20, map.Change.Length);
        Assert.Equal(4 * 64, map.Samples);
        float Row(int y) => map.Change.AsSpan(y * map.Side, map.Side).ToArray().Max();
        Assert.Equal(0, Row(0));
        Assert.True(Row(2) > 0, "the outermost pixels that a code reaches do not change");
        Assert.True(Row(10) > Row(2), "a code changes its own pixels less than distant ones");
    }

    [Fact]
    public void Influence_is_the_mean_change_of_the_pixels_at_an_offset()
    {
        var model = new VqVae(Small, seed: 3);
        ModelProbe probe = Probe(model);
        ImageSample sample = ImageSample.Of(probe, Images(8, 3, 1), [0]);
        InfluenceMap map = InfluenceMap.Measure(probe, sample.Latents);
        Assert.Equal((4, 12), (map.Reach, map.Side));
        double expected = 0;
        float[] whole = Decode(sample.Latents.Of(0).ToArray());
        for (int cell = 0; cell < 4; cell++)
        {
            float[] latents = [.. sample.Latents.Of(0)];
            latents.AsSpan(cell * Small.CodeDim, Small.CodeDim).Clear();
            // The first pixel of the cell.
            int first = (cell / 2 * 4 * 8 + cell % 2 * 4) * 3;
            expected += Enumerable.Range(first, 3).Average(i => Math.Abs(Decode(latents)[i] - whole[i])) / 4;
        }
        Assert.Equal(expected, map.Change[4 * 12 + 4], 1e-5);

        float[] Decode(float[] latents) =>
            [
                .. model.Decode(Tensors.Tensor.From(latents, [1, 2, 2, Small.CodeDim])).ToArray()
                    .Select(value => Math.Clamp(value + 0.5f, 0, 1)),
            ];
    }

    [Fact]
    public void The_radius_of_influence_holds_its_share()
    {
        float[] change = new float[12 * 12];
        change[5 * 12 + 5] = 6;
        change[5 * 12 + 8] = 3;
        change[0] = 1;
        var map = new InfluenceMap(4, 4, change, 1);
        Assert.Equal(Math.Sqrt(0.5), map.RadiusOf(0.5), 1e-12);
        Assert.Equal(Math.Sqrt(2.5 * 2.5 + 0.25), map.RadiusOf(0.9), 1e-12);
        Assert.Equal(Math.Sqrt(2 * 5.5 * 5.5), map.RadiusOf(1), 1e-12);
        Assert.Equal(0, new InfluenceMap(4, 4, new float[144], 1).RadiusOf(0.9));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_atlas_shows_every_code_in_the_order_of_its_use(int channels)
    {
        var model = new VqVae(Small with { Channels = channels }, seed: 3);
        var usage = new CodeUsage(Small.Codes);
        usage.Add([4, 4, 4, 7, 7, 2]);
        CodeAtlas atlas = CodeAtlas.Make(Probe(model), usage);
        Assert.Equal([4, 7, 2, 0, 1, 3, 5, 6, 8], atlas.Order);
        Assert.All(atlas.Tiles, tile => Assert.Equal((12, 12, channels), (tile.Width, tile.Height, tile.Channels)));
        Image first = ImageTransform.ToChannels(atlas.Tiles[0], 3);
        double red = 0;
        for (int y = 4; y < 8; y++)
        {
            for (int x = 4; x < 8; x++) red += first.Pixels[(y * 12 + x) * 3] / 16.0;
        }
        Assert.Equal(Math.Round(red), atlas.Colors[0].R);
    }

    [Fact]
    public void The_tile_of_the_only_used_code_is_decoded_from_a_map_of_that_code()
    {
        // If only one code is used, the background is this code, too.
        var model = new VqVae(Small, seed: 3);
        var usage = new CodeUsage(Small.Codes);
        usage.Add([5]);
        byte[] tile = CodeAtlas.Make(Probe(model), usage).Tiles[0].Pixels;
        byte[] whole = new byte[28 * 28 * 3];
        int[] codes = [.. Enumerable.Repeat(5, 49)];
        PixelValues.ToBytes(model.Decode(Tensors.Indices.From(codes, [1, 7, 7], Small.Codes)).ToArray(), whole);
        Assert.Equal(whole.AsSpan((8 * 28 + 8) * 3, 12 * 3).ToArray(), tile[..36]);
    }

    [Fact]
    public void A_channel_of_a_latent_image_spans_0_to_1_and_a_constant_one_is_0()
    {
        // Two dimensions vary and a third by a rounding error only. All cells of the second image hold the mean.
        var maps = new LatentMaps(2, 2, 2, 3);
        float[][] cells = [[0, 0, 1], [4, 0, 1], [0, 1, 1], [4, 1, 1.0000001f]];
        for (int i = 0; i < 4; i++) cells[i].CopyTo(maps.Of(0)[(3 * i)..]);
        for (int i = 0; i < 4; i++) new float[] { 2, 0.5f, 1 }.CopyTo(maps.Of(1)[(3 * i)..]);
        (Image[] images, double[] variance) = LatentImages.Make(maps);
        Assert.Equal(3, variance.Length);
        byte[] Channel(int channel) => [.. images[0].Pixels.Where((_, i) => i % 3 == channel)];
        Assert.Equal([0, 255, 0, 255], Channel(0));
        Assert.Equal([0, 0, 255, 255], Channel(1));
        Assert.Equal([0, 0, 0, 0], Channel(2));
        Assert.All(images[1].Pixels, sample => Assert.Equal(0, sample));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Latents_with_fewer_than_three_dimensions_have_an_image(int dimensions)
    {
        var maps = new LatentMaps(1, 1, 2, dimensions);
        maps.Values[0] = 1;
        (Image[] images, double[] variance) = LatentImages.Make(maps);
        Assert.Equal(dimensions, variance.Length);
        Assert.Equal([255, 0, 0, 0, 0, 0], images[0].Pixels);
    }

    [Fact]
    public void The_embedding_of_one_dimension_lies_on_a_line_and_few_codes_have_no_layout()
    {
        CodebookEmbedding embedding = CodebookEmbedding.Make(
            [1, 2, 4], 1, [0, 1, 2], new Progress<double>(), TestContext.Current.CancellationToken);
        Assert.Null(embedding.Umap);
        Assert.Equal([0, 0, 0], embedding.Pca.Where((_, i) => i % 2 == 1));
        Assert.Equal([1.0], embedding.PcaVariance);
        Assert.Equal(1 / 3.0, (embedding.Pca[2] - embedding.Pca[0]) / (embedding.Pca[4] - embedding.Pca[0]), 1e-9);
    }

    [Fact]
    public void An_evaluation_is_the_mean_of_its_measurement()
    {
        var model = new VqVae(Small, seed: 3);
        Measurement measurement = Evaluator.Measure(
            model, Images(16, 3, 7), Split.Test, 0.06, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(7, measurement.Psnr.Length);
        Assert.Equal(measurement.Evaluation.Psnr, measurement.Psnr.Average(), 1e-12);
        Assert.Equal(measurement.Evaluation.CodesUsed, measurement.Usage.Used);
        Assert.Equal(7 * 16, measurement.Usage.Counts.ToArray().Sum());
    }

    [Fact]
    public void Heat_colours_are_scaled_to_the_brightest_value()
    {
        Image image = HeatColors.Map([0f, 0.5f, 1f, 2f], 2, 2, brightest: 1);
        Rgb At(int i) => new(image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]);
        Assert.Equal(
            [HeatColors.At(0), HeatColors.At(0.5), HeatColors.At(1), HeatColors.At(1)],
            Enumerable.Range(0, 4).Select(At));
    }

    private static ModelProbe Probe(VqVae model) => new(model, TestContext.Current.CancellationToken);

    private static ImageSet Images(int size, int channels, int count) =>
        SyntheticShapes.Load(Split.Test, size, trainCount: 1, testCount: count).ToChannels(channels);
}
