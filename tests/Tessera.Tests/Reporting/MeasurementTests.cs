using Tessera.Data;
using Tessera.Imaging;
using Tessera.Inspection;
using Tessera.Models;
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
