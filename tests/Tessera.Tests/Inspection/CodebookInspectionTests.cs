using Tessera.Data;
using Tessera.Imaging;
using Tessera.Inspection;
using Tessera.Models;
using Tessera.Quantization;

namespace Tessera.Tests.Inspection;

public class CodebookInspectionTests
{
    private static readonly VqVaeOptions Small =
        new() { Hidden = 8, ResidualHidden = 4, ResidualLayers = 0, Codes = 9, CodeDim = 4 };

    [Fact]
    public void Influence_ends_at_the_reach_of_the_decoder()
    {
        // The decoder without residual blocks: a 3x3 convolution and two transposed ones, which add a pixel or two.
        var probe = Probe(new VqVae(Small, seed: 3));
        InfluenceMap map = InfluenceMap.Measure(probe, probe.Encode(Images(32, 3, 4)));
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
        LatentMaps maps = probe.Encode(Images(8, 3, 1));
        InfluenceMap map = InfluenceMap.Measure(probe, maps);
        Assert.Equal((4, 12), (map.Reach, map.Side));
        double expected = 0;
        float[] whole = Decode(maps.Of(0).ToArray());
        for (int cell = 0; cell < 4; cell++)
        {
            float[] latents = [.. maps.Of(0)];
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
    public void An_atlas_needs_the_counts_of_the_models_codes()
    {
        ModelProbe probe = Probe(new VqVae(Small, seed: 3));
        Assert.Throws<ArgumentException>(() => CodeAtlas.Make(probe, new CodeUsage(Small.Codes)));
        var other = new CodeUsage(Small.Codes + 1);
        other.Add([0]);
        Assert.Throws<ArgumentException>(() => CodeAtlas.Make(probe, other));
    }

    [Fact]
    public void An_embedding_needs_codes_of_the_codebook()
    {
        Assert.Throws<ArgumentException>(() => Make(2));
        Assert.Throws<ArgumentException>(() => Make(2, 0, 2));
        Assert.Throws<ArgumentException>(() => Make(2, -1));
        Assert.Throws<ArgumentException>(() => Make(3, 0));

        static CodebookEmbedding Make(int dimensions, params int[] codes) => CodebookEmbedding.Make(
            [1, 2, 3, 4], dimensions, codes, cancellation: TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Latents_are_the_vectors_of_the_codes()
    {
        var model = new VqVae(Small, seed: 3);
        ModelProbe probe = Probe(model);
        Image[] images = Images(16, 3, 2);
        float[] codebook = probe.Codebook(), values = new float[images[1].Pixels.Length];
        PixelValues.FromBytes(images[1].Pixels, values);
        int[] codes = model.Encode(Tensors.Tensor.From(values, [1, 16, 16, 3])).ToArray();
        LatentMaps maps = probe.Encode(images);
        Assert.Equal((2, 4, 4, 4), (maps.Count, maps.Height, maps.Width, maps.Dimensions));
        Assert.Equal(codes.SelectMany(code => codebook[(4 * code)..(4 * code + 4)]), maps.Of(1).ToArray());
    }

    [Fact]
    public void A_probe_refuses_what_does_not_fit_the_model()
    {
        ModelProbe probe = Probe(new VqVae(Small, seed: 3));
        Assert.Throws<ArgumentException>(() => probe.Encode([]));
        Assert.Throws<ArgumentException>(() => probe.Encode([Image.Black(8, 8, 3), Image.Black(8, 12, 3)]));
        Assert.Throws<InputException>(() => probe.Encode([Image.Black(8, 10, 3)]));
        Assert.Throws<InputException>(() => probe.Encode([Image.Black(8, 8, 1)]));
        Assert.Throws<ArgumentException>(() => probe.Decode(new LatentMaps(1, 2, 2, 3)));
        Assert.Throws<ArgumentException>(() => InfluenceMap.Measure(probe, new LatentMaps(1, 2, 2, 3)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LatentMaps(0, 2, 2, 3));
    }

    [Fact]
    public void A_cancelled_probe_stops()
    {
        var probe = new ModelProbe(new VqVae(Small, seed: 3), new CancellationToken(canceled: true));
        Assert.Throws<OperationCanceledException>(() => probe.Encode(Images(8, 3, 1)));
        Assert.Throws<OperationCanceledException>(() => probe.Decode(new LatentMaps(1, 2, 2, 4)));
    }

    private static ModelProbe Probe(VqVae model) => new(model, TestContext.Current.CancellationToken);

    private static Image[] Images(int size, int channels, int count)
    {
        ImageSet set = SyntheticShapes.Load(Split.Test, size, trainCount: 1, testCount: count).ToChannels(channels);
        return [.. Enumerable.Range(0, count).Select(set.Image)];
    }
}
