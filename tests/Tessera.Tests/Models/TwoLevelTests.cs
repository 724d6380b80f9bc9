using Tessera.Data;
using Tessera.Files;
using Tessera.Inspection;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.IO;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;
using Tessera.Training;

namespace Tessera.Tests.Models;

/// <summary>Models with two levels of codes, over every quantizer.</summary>
public sealed class TwoLevelTests : IDisposable
{
    private const int Codes = 16, Height = 16, Width = 24, PerCell = 5;

    private static readonly CellOptions Top = new() { Top = true };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, int> All()
    {
        var all = new TheoryData<string, int>();
        foreach (QuantizerOptions options in QuantizerOptions.All)
        {
            all.Add(options.Kind, 0);
            if (options is CodebookOptions) all.Add(options.Kind, 4);
        }
        return all;
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(All))]
    public void Codes_of_both_levels_are_found_and_decoded(string kind, int lookupDim)
    {
        using VqVae model = Model(kind, lookupDim);
        using Tensor images = Images(3);
        using Indices codes = model.Encode(images);
        Assert.Equal(new Shape(3, Height / 8, Width / 8, PerCell), codes.Shape);
        Assert.Equal((8, 5 * model.Options.CodeDim), (model.Options.PixelsPerCode, model.Options.VectorDim));
        VqVaeOutput output = model.Forward(images);
        int[] found = codes.ToArray();
        Assert.Equal(found, output.Quantized.Codes.ToArray());
        Assert.True(found.Distinct().Count() > 2, "Nearly all codes are the same, so the test shows nothing.");

        // The top code, then those of the lower level's 2 x 2 map below it, row by row.
        int[] top = output.Quantized.Levels[0].Codes.ToArray(), lower = output.Quantized.Levels[1].Codes.ToArray();
        int columns = Width / 8;
        for (int i = 0; i < found.Length; i++)
        {
            (int cell, int place) = (i / PerCell, i % PerCell - 1);
            (int row, int column) = (2 * (cell / columns) + place / 2, 2 * (cell % columns) + place % 2);
            Assert.Equal(place < 0 ? top[cell] : lower[row * 2 * columns + column], found[i]);
        }

        using Tensor decoded = model.Decode(codes);
        Assert.Equal(output.Reconstruction.ToArray(), decoded.ToArray(), (a, b) => Math.Abs(a - b) < 1e-4);
        using Tensor vectors = model.Quantizer.Lookup(codes);
        Assert.Equal(new Shape(3, Height / 8, Width / 8, model.Options.VectorDim), vectors.Shape);
        using Tensor same = model.Decode(vectors);
        Assert.Equal(decoded.ToArray(), same.ToArray());
    }

    /// <summary>A cell's vector is the sum of what its top code and, if they are equal, its lower codes add.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void The_codebook_lists_what_the_codes_of_each_level_add(string kind, int lookupDim)
    {
        using VqVae model = Model(kind, lookupDim);
        int dimensions = model.Options.VectorDim;
        using Tensor copy = model.Quantizer.CopyCodebook();
        Assert.Equal(new Shape(2 * Codes, dimensions), copy.Shape);
        float[][] book = [.. copy.ToArray().Chunk(dimensions)];
        using Indices codes = Indices.From([3, 7, 7, 7, 7], [1, 1, 1, PerCell], Codes);
        using Tensor vector = model.Quantizer.Lookup(codes);
        Assert.Equal(
            book[3].Zip(book[Codes + 7], (a, b) => a + b), vector.ToArray(), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_model_round_trips_by_the_names_of_its_tensors(string kind, int lookupDim)
    {
        using VqVae model = Model(kind, lookupDim);
        foreach (string name in (string[])["model.safetensors", "model.pt"])
        {
            ModelFile.Write(_folder[name], model, dataVariance: 0.05);
            using VqVae read = ModelFile.Read(_folder[name]).Model;
            Assert.Equal(model.Options, read.Options);
            using Tensor images = Images(2);
            Assert.Equal(model.Encode(images).ToArray(), read.Encode(images).ToArray());
        }
        Assert.DoesNotContain("cell", SafeTensors.Read(_folder["model.safetensors"]).Metadata.Keys);
    }

    [Theory]
    [InlineData(2, 0, 0, 1)]
    [InlineData(8, 3, 0, 2)]
    [InlineData(16, 1, 4, 0)]
    public void Sizes_are_read_off_the_tensors(int stride, int groups, int heads, int layers)
    {
        VqVaeOptions options = Options("ema", 0) with
        {
            Stride = stride,
            Hidden = 24,
            ResidualHidden = layers == 0 ? new VqVaeOptions().ResidualHidden : 6,
            ResidualLayers = layers,
            GroupNorm = groups,
            Attention = heads,
            Channels = 1,
        };
        using var model = new VqVae(options, seed: 1);
        ModelFile.Write(_folder["model.safetensors"], model, dataVariance: null);
        using VqVae read = ModelFile.Read(_folder["model.safetensors"]).Model;
        Assert.Equal(options, read.Options);
        // Attention is at the lowest map only.
        Assert.DoesNotContain(
            model.State(), entry => entry.Name.StartsWith("_encoder._attention", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("_vq_vae._top_encoder._conv_1.weight")]
    [InlineData("_vq_vae._top_pre_vq_conv.bias")]
    [InlineData("_vq_vae._top._embedding.weight")]
    [InlineData("_vq_vae._top_decoder._conv_trans_1.weight")]
    [InlineData("_vq_vae._lower_pre_vq_conv.weight")]
    [InlineData("_vq_vae._lower._embedding.weight")]
    [InlineData("_vq_vae._upsample.weight")]
    public void A_missing_tensor_is_named(string name)
    {
        using VqVae model = Model("ema", 0);
        ModelFile.Write(_folder["whole"], model, null);
        SafeTensors.Write(
            _folder["model"], [.. StateDict.Entries(model.State()).Where(entry => entry.Name != name)],
            SafeTensors.Read(_folder["whole"]).Metadata);
        Assert.Contains(
            $"{name} is missing", Assert.Throws<InputException>(() => ModelFile.Read(_folder["model"])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_two_levels_that_states_groups_is_refused()
    {
        using VqVae model = Model("ema", 0);
        ModelFile.Write(_folder["whole"], model, null);
        var metadata = new Dictionary<string, string>(SafeTensors.Read(_folder["whole"]).Metadata)
        {
            ["cell"] = """{"groups":2,"depth":1}""",
        };
        SafeTensors.Write(_folder["model"], StateDict.Entries(model.State()), metadata);
        Assert.Contains(
            "unsupported model: Top needs one group",
            Assert.Throws<InputException>(() => ModelFile.Read(_folder["model"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_parameter_learns(string kind, int lookupDim)
    {
        using VqVae model = Model(kind, lookupDim);
        using Tensor images = Images(2);
        model.AssertLearns(images);
    }

    [Fact]
    public void Use_is_counted_by_codebook()
    {
        var usage = new CodeUsage(codes: 4, Top);
        usage.Add([0, 1, 1, 2, 1, 3, 1, 1, 1, 1]);
        Assert.Equal(2, usage.Levels);
        Assert.Equal([1, 0, 0, 1, 0, 7, 1, 0], usage.Counts.ToArray());
        Assert.Equal((2, 2, 4, 2), (usage.UsedOf(0), usage.UsedOf(1), usage.Used, usage.JointUsed));
        Assert.Equal(2, usage.PerplexityOf(0), 1e-6);
        Assert.Equal(Math.Exp(-(7 / 8.0 * Math.Log(7 / 8.0) + Math.Log(1 / 8.0) / 8)), usage.PerplexityOf(1), 1e-6);
        Assert.Throws<ArgumentException>(() => usage.Add([1, 2, 3]));
    }

    [Fact]
    public void An_evaluation_and_an_atlas_tell_the_levels_apart()
    {
        using VqVae model = Model("ema", 0);
        ImageSet images = SyntheticShapes.Load(Split.Test, size: 16, trainCount: 1, testCount: 9);
        Measurement measurement = Evaluator.Measure(
            model, images, Split.Test, dataVariance: 0.1, cancellation: TestContext.Current.CancellationToken);
        Evaluation evaluation = measurement.Evaluation;
        Assert.Equal(["top level", "lower level"], evaluation.Levels.Select(level => level.Name));
        Assert.Equal(2 * Codes, evaluation.Codes);
        Assert.Equal(evaluation.CodesUsed, evaluation.Levels.Sum(level => level.CodesUsed));
        Assert.Equal(9 * 4, measurement.Usage.Counts[..Codes].ToArray().Sum());
        Assert.Equal(9 * 16, measurement.Usage.Counts[Codes..].ToArray().Sum());
        Assert.NotNull(evaluation.Joint);

        var probe = new ModelProbe(model);
        CodeAtlas atlas = CodeAtlas.Make(probe, measurement.Usage);
        Assert.Equal(2 * Codes, atlas.Tiles.Count);
        Assert.Equal(3 * 8, atlas.Tiles[0].Width);
        LatentMaps latents = probe.Encode([images.Image(0)]);
        Assert.Equal((2, 2, model.Options.VectorDim), (latents.Height, latents.Width, latents.Dimensions));
        using Tensor x = Tensor.From(Values(images.Image(0).Pixels), [1, 16, 16, 3]);
        float[] expected = model.Forward(x).Reconstruction.ToArray();
        Assert.Equal(
            expected.Select(value => (int)Math.Clamp(Math.Round((value + 0.5) * 255), 0, 255)),
            probe.Decode(latents)[0].Pixels.Select(value => (int)value), (a, b) => Math.Abs(a - b) <= 1);

        static float[] Values(byte[] pixels) => Array.ConvertAll(pixels, value => value / 255f - 0.5f);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    public void Groups_and_depth_are_refused(int groups, int depth)
    {
        VqVaeOptions options = Options("ema", 0) with
        {
            Cell = new CellOptions { Top = true, Groups = groups, Depth = depth },
        };
        Assert.Equal("Top", Assert.Throws<InputException>(options.Validate).Option);
    }

    [Fact]
    public void Inputs_of_other_shapes_are_refused()
    {
        using VqVae model = Model("ema", 0);
        using Tensor odd = Tensor.Zeros([1, 12, 16, 3]);
        Assert.Contains("multiples of 8", Assert.Throws<ArgumentException>(() => model.Encode(odd)).Message);
        using Indices flat = Indices.From(new int[6], [1, 2, 3], Codes);
        Assert.Contains(
            "[batch, height, width, 5]", Assert.Throws<ArgumentException>(() => model.Decode(flat)).Message);
    }

    private static VqVaeOptions Options(string kind, int lookupDim) => new()
    {
        // With fewer channels, chance may leave no ReLU of the untrained decoder open.
        Hidden = 16,
        ResidualHidden = 4,
        ResidualLayers = 1,
        Codes = Codes,
        CodeDim = 8,
        LookupDim = lookupDim,
        Quantizer = QuantizerOptions.Find(kind),
        Cell = Top,
    };

    private static VqVae Model(string kind, int lookupDim)
    {
        var model = new VqVae(Options(kind, lookupDim), seed: 3);
        if (model.Options.Quantizer is not CodebookOptions)
        {
            // An untrained encoder's vectors hardly differ.
            foreach ((string name, Tensor tensor) in model.State().Select(entry => (entry.Name, entry.Tensor)))
            {
                if (name.EndsWith("_pre_vq_conv.weight", StringComparison.Ordinal))
                    tensor.CopyFrom([.. tensor.ToArray().Select(value => 200 * value)]);
            }
        }
        using Tensor images = Images(12, stream: 2);
        for (int level = 0; level < 2; level++)
        {
            Tensor latents = model.Forward(images).Quantized.Levels[level].Latents;
            Tensor rows = latents.Reshape([latents.Shape.Rows, latents.Shape.Last]);
            model.Quantizer.Levels[level].Start(rows.Rows(0, Codes), vectorsPerCode: 1);
        }
        return model;
    }

    private static Tensor Images(int count, ulong stream = 1)
    {
        float[] pixels = new float[count * Height * Width * 3];
        new CounterRandom(9, stream).FillUniform(pixels, -0.5f, 0.5f);
        return Tensor.From(pixels, [count, Height, Width, 3]);
    }
}
