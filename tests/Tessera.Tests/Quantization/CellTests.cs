using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;
using Tessera.Tests.Models;
using Tessera.Tokens;
using Tessera.Training;

namespace Tessera.Tests.Quantization;

/// <summary>Cells with several codes: residual and grouped quantizers over every kind.</summary>
public class CellTests
{
    private const int Codes = 16, Height = 8, Width = 12;

    public static TheoryData<string, int, int, int> All()
    {
        var all = new TheoryData<string, int, int, int>();
        foreach (QuantizerOptions options in QuantizerOptions.All)
        {
            all.Add(options.Kind, 2, 1, 0);
            if (!options.HasResiduals) continue;
            all.Add(options.Kind, 1, 3, 0);
            all.Add(options.Kind, 2, 2, 0);
            if (options.DimensionsFor(Codes) is null) all.Add(options.Kind, 2, 2, 4);
        }
        return all;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Codes_of_cells_are_found_and_decoded(string kind, int groups, int depth, int lookupDim)
    {
        using VqVae model = Model(kind, groups, depth, lookupDim);
        int perCell = groups * depth;
        using Tensor images = Images(3);
        using Indices codes = model.Encode(images);
        Assert.Equal(new Shape(3, Height / 4, Width / 4, perCell), codes.Shape);
        Assert.Equal(perCell, model.Quantizer.Levels.Count);
        Quantizer cell = model.Quantizer is ProjectedQuantizer projected ? projected.Inner : model.Quantizer;
        Assert.Equal(groups > 1, cell is GroupedQuantizer);
        VqVaeOutput output = model.Forward(images);
        Assert.Equal(codes.ToArray(), output.Quantized.Codes.ToArray());
        for (int level = 0; level < perCell; level++)
        {
            Assert.Equal(
                codes.ToArray().Where((_, i) => i % perCell == level), LevelOf(output, level).Codes.ToArray());
        }
        Assert.Equal(
            output.Quantized.Vectors.ToArray(), model.Quantizer.Lookup(codes).ToArray(),
            (a, b) => Math.Abs(a - b) < 1e-5);
        using Tensor decoded = model.Decode(codes);
        Assert.Equal(output.Reconstruction.ToArray(), decoded.ToArray(), (a, b) => Math.Abs(a - b) < 1e-4);
    }

    /// <summary>The decoder receives the sum of one vector a level.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void The_codebook_lists_what_each_code_adds(string kind, int groups, int depth, int lookupDim)
    {
        using VqVae model = Model(kind, groups, depth, lookupDim);
        int perCell = groups * depth, dimensions = model.Options.CodeDim;
        float[][] book = [.. model.Quantizer.CodebookValues().Chunk(dimensions)];
        Assert.Equal(perCell * Codes, book.Length);
        using Tensor images = Images(1);
        using Indices codes = model.Encode(images);
        float[][] vectors = [.. model.Quantizer.Lookup(codes).ToArray().Chunk(dimensions)];
        int[][] cells = [.. codes.ToArray().Chunk(perCell)];
        for (int cell = 0; cell < cells.Length; cell++)
        {
            for (int d = 0; d < dimensions; d++)
            {
                float sum = cells[cell].Select((code, level) => book[level * Codes + code][d]).Sum();
                Assert.Equal(vectors[cell][d], sum, 1e-4);
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_model_file_states_what_its_tensors_do_not_show(string kind, int groups, int depth, int lookupDim)
    {
        using var folder = new TemporaryFolder();
        using VqVae model = Model(kind, groups, depth, lookupDim);
        ModelFile.Write(folder["model.safetensors"], model, dataVariance: 0.05);
        using VqVae read = ModelFile.Read(folder["model.safetensors"]).Model;
        Assert.Equal(model.Options, read.Options);
        using Tensor images = Images(2);
        Assert.Equal(model.Encode(images).ToArray(), read.Encode(images).ToArray());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_parameter_learns(string kind, int groups, int depth, int lookupDim)
    {
        using VqVae model = Model(kind, groups, depth, lookupDim);
        using Tensor images = Images(2);
        model.AssertLearns(images);
    }

    /// <summary>Each level of a residual quantizer comes closer.</summary>
    [Theory]
    [InlineData("gradient")]
    [InlineData("fsq")]
    [InlineData("lfq")]
    [InlineData("bsq")]
    [InlineData("cosine")]
    public void More_levels_leave_less(string kind)
    {
        float[] z = new float[400 * 4];
        new CounterRandom(1, 2).FillNormal(z);
        double before = double.MaxValue;
        int dimensions = QuantizerOptions.Find(kind).DimensionsFor(Codes) ?? 4;
        for (int depth = 1; depth <= 4; depth++)
        {
            using var quantizer = new ResidualQuantizer(
                new() { Depth = depth },
                level => QuantizerOptions.Find(kind).Create(Codes, dimensions, new(1), level), new(1));
            using Tensor vectors = Tensor.From(z, [1, z.Length / dimensions, 1, dimensions]);
            // The codebook of a level: vectors of what is left.
            for (int level = 0; level < depth; level++)
            {
                Tensor left = quantizer.Quantize(vectors, training: false).Levels[level].Latents;
                Tensor rows = left.Reshape([z.Length / dimensions, dimensions]);
                quantizer.Levels[level].Start(rows.Rows(level * Codes, Codes), vectorsPerCode: 1);
            }
            Quantized quantized = quantizer.Quantize(vectors, training: false);
            double rest = quantized.Levels[0].Latents.MeanSquaredError(quantized.Vectors).Item();
            Assert.True(rest < before, $"{kind}: depth {depth} leaves {rest}, the depth before {before}");
            before = rest;
        }
    }

    [Fact]
    public void A_shared_codebook_is_one_and_learns_from_all_levels()
    {
        using VqVae model = new(Options("ema", 1, 3, 0) with
        {
            Cell = new CellOptions { Depth = 3, SharedCodebook = true },
        });
        Assert.Single(model.Quantizer.Levels.Distinct());
        var shared = (EmaVectorQuantizer)model.Quantizer.Levels[0];
        shared.ClusterSizes.Fill(0);
        using var tape = new Tape();
        Tensor x = tape.Input(Images(2).ToArray(), [2, Height, Width, 3]);
        Indices codes = model.Forward(x).Quantized.Codes;
        float[] sizes = shared.ClusterSizes.ToArray();
        int[] counts = new int[Codes];
        foreach (int code in codes.ToArray()) counts[code]++;
        // The smoothed sizes keep the counts' order and sum.
        Assert.Equal(0.01 * codes.Shape.Length, sizes.Sum(), 1e-4);
        Assert.Equal(
            counts.Select(count => 0.01 * count), sizes.Select(size => (double)size), (a, b) => Math.Abs(a - b) < 1e-3);
    }

    [Fact]
    public void A_shared_codebook_is_spread_too()
    {
        float[] losses =
        [
            .. ((float[])[0, 0.5f]).Select(entropy =>
            {
                using VqVae model = new(Options("gradient", 1, 2, 0) with
                {
                    Quantizer = new VectorQuantizerOptions { Entropy = entropy },
                    Cell = new CellOptions { Depth = 2, SharedCodebook = true },
                });
                using var tape = new Tape();
                return model.Forward(tape.Input(Images(2).ToArray(), [2, Height, Width, 3])).Quantized.Loss.Item();
            }),
        ];
        Assert.NotEqual(losses[0], losses[1]);
    }

    /// <summary>Each level adds its part of the term, for the same codes.</summary>
    [Fact]
    public void The_orthogonality_of_a_shared_codebook_counts_once()
    {
        var quantizer = new VectorQuantizerOptions { Orthogonality = 3 };
        using VqVae alone = new(Options("gradient", 1, 1, 0) with { Quantizer = quantizer });
        using VqVae shared = new(alone.Options with { Cell = new CellOptions { Depth = 3, SharedCodebook = true } });
        using VqVae alonePlain = new(alone.Options with { Quantizer = new VectorQuantizerOptions() });
        using VqVae sharedPlain = new(shared.Options with { Quantizer = new VectorQuantizerOptions() });
        Assert.Equal(alone.Quantizer.CodebookValues(), shared.Quantizer.Levels[0].CodebookValues());
        float term = Loss(alone) - Loss(alonePlain);
        Assert.True(term > 0.01f, $"the term is only {term}");
        Assert.Equal(term, Loss(shared) - Loss(sharedPlain), 1e-5f);

        static float Loss(VqVae model)
        {
            using var tape = new Tape();
            return model.Forward(tape.Input(Images(2).ToArray(), [2, Height, Width, 3])).Quantized.Loss.Item();
        }
    }

    /// <summary>In a trainer, where a block tells each update's levels, and in a loop of one's own.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Levels_that_an_update_leaves_out_keep_their_codes_and_averages(bool isShared)
    {
        using VqVae model = new(Options("ema", 1, 4, 0) with
        {
            Quantizer = new EmaVectorQuantizerOptions { KeepSmoothing = false },
            Cell = new CellOptions { Depth = 4, LevelDropout = 1 },
        });
        using var block = new UpdateBlock(model.Device);
        if (isShared) model.Quantizer.Share(block);
        using var tape = new Tape();
        float[] images = Images(2).ToArray();
        var used = new HashSet<int>();
        for (int update = 0; update < 30; update++)
        {
            float[][] before = Books();
            if (isShared)
            {
                model.Quantizer.Prepare();
                block.Upload();
            }
            model.Forward(tape.Input(images, [2, Height, Width, 3]));
            tape.Reset();
            bool[] moved = [.. before.Zip(Books(), (a, b) => !a.SequenceEqual(b))];
            int count = moved.TakeWhile(each => each).Count();
            Assert.DoesNotContain(true, moved[count..]);
            used.Add(count);
        }
        Assert.Equal([1, 2, 3, 4], used.Order());
        // Otherwise all levels count, whatever the last update left out.
        using Tensor given = Images(1);
        Assert.Equal(
            model.Forward(given).Quantized.Vectors.ToArray(),
            model.Quantizer.Lookup(model.Encode(given)).ToArray(), (a, b) => Math.Abs(a - b) < 1e-5);

        float[][] Books() =>
        [
            .. model.Quantizer.Levels.Select(
                level => level.State().SelectMany(entry => entry.Tensor.ToArray()).ToArray()),
        ];
    }

    [Fact]
    public void Dimensions_that_groups_do_not_divide_are_refused()
    {
        using var quantizer = new GroupedQuantizer(
            groups: 2, () => new VectorQuantizerOptions().Create(Codes, codeDim: 2, new(1)));
        using Tensor vectors = Tensor.Zeros([1, 1, 1, 5]);
        Assert.Contains(
            "5 dimensions", Assert.Throws<ArgumentException>(() => quantizer.FindCodes(vectors)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Use_is_counted_by_level_and_jointly()
    {
        var usage = new CodeUsage(codes: 4, levels: 2);
        usage.Add([0, 1, 0, 1, 2, 1, 3, 0]);
        Assert.Equal([2, 0, 1, 1, 1, 3, 0, 0], usage.Counts.ToArray());
        Assert.Equal((3, 2, 5), (usage.UsedOf(0), usage.UsedOf(1), usage.Used));
        Assert.Equal(3, usage.JointUsed);
        Assert.Equal(Perplexity(0.5, 0.25, 0.25), usage.PerplexityOf(0), 1e-6);
        Assert.Equal(Perplexity(0.25, 0.75), usage.PerplexityOf(1), 1e-6);
        Assert.Equal((usage.PerplexityOf(0) + usage.PerplexityOf(1)) / 2, usage.Perplexity, 1e-12);
        Assert.Equal(Perplexity(0.5, 0.25, 0.25), usage.JointPerplexity!.Value, 1e-6);
        Assert.Throws<ArgumentException>(() => usage.Add([1, 2, 3]));
        // Too many combinations are not kept; the levels are still counted.
        var many = new CodeUsage(codes: 5000, levels: 2);
        for (int first = 0; first < 5000 && many.JointUsed is not null; first++)
            many.Add([.. Enumerable.Range(0, 10_000).Select(i => i % 2 == 0 ? first : i / 2)]);
        Assert.Equal((null, null, 5000), (many.JointUsed, many.JointPerplexity, many.UsedOf(1)));

        static double Perplexity(params double[] p) => Math.Exp(-p.Sum(each => each * Math.Log(each)));
    }

    [Fact]
    public void An_evaluation_states_each_level_and_their_combinations()
    {
        using VqVae model = Model("ema", 2, 2, 0);
        ImageSet images = SyntheticShapes.Load(Split.Test, size: 16, trainCount: 1, testCount: 9);
        Evaluation evaluation = Evaluator.Evaluate(
            model, images, Split.Test, dataVariance: 0.1, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(4, evaluation.Levels.Count);
        Assert.Equal(4 * Codes, evaluation.Codes);
        Assert.Equal(evaluation.CodesUsed, evaluation.Levels.Sum(level => level.CodesUsed));
        Assert.Equal(evaluation.Perplexity, evaluation.Levels.Average(level => level.Perplexity), 1e-9);
        CodeUse joint = Assert.IsType<CodeUse>(evaluation.Joint);
        Assert.InRange(joint.CodesUsed, evaluation.Levels.Max(level => level.CodesUsed), 9 * 16);
    }

    [Theory]
    [InlineData(1, 2, "level 1", "level 2")]
    [InlineData(2, 1, "group 1", "group 2")]
    [InlineData(2, 2, "group 1, level 1", "group 1, level 2", "group 2, level 1", "group 2, level 2")]
    public void Codes_are_called_by_their_group_and_level(int groups, int depth, params string[] names)
    {
        var cell = new CellOptions { Groups = groups, Depth = depth };
        Assert.Equal(names, Enumerable.Range(0, cell.Codebooks).Select(cell.NameOf));
    }

    [Fact]
    public void The_first_level_of_each_group_keeps_its_name()
    {
        using VqVae model = Model("ema", 2, 2, 0);
        ImageSet images = SyntheticShapes.Load(Split.Test, size: 16, trainCount: 1, testCount: 2);
        Evaluation evaluation = Evaluator.Evaluate(
            model, images, Split.Test, dataVariance: 0.1, depth: 1,
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(["group 1, level 1", "group 2, level 1"], evaluation.Levels.Select(level => level.Name));
    }

    [Fact]
    public void Cells_that_cannot_be_are_refused()
    {
        Refused(new CellOptions { Groups = 0 }, "ema", "Groups");
        Refused(new CellOptions { Groups = 3 }, "ema", "Groups");
        Refused(new CellOptions { Groups = 8, Depth = 9 }, "ema", "Depth");
        Refused(new CellOptions { Depth = 2 }, "gumbel", "Depth");
        Refused(new CellOptions { SharedCodebook = true }, "ema", "SharedCodebook");
        Refused(new CellOptions { Depth = 2, SharedCodebook = true }, "fsq", "SharedCodebook");
        Refused(new CellOptions { Depth = 2, SharedCodebook = true }, "cosine", "SharedCodebook");
        // Four levels a dimension: 2 bits of 24.
        Refused(new CellOptions { Depth = 13 }, "fsq", "Depth");
        Refused(new CellOptions { LevelDropout = 0.5f }, "ema", "LevelDropout");
        // The running sizes of the default options change by smoothing.
        Refused(new CellOptions { Depth = 2, LevelDropout = 0.5f }, "ema", "KeepSmoothing");
        Refused(new CellOptions { Depth = 2, LevelDropout = 1.5f }, "ema", "LevelDropout");
        Refused(new CellOptions { Depth = 2, SharedCodebook = true, LevelDropout = 0.5f }, "ema", "LevelDropout");

        static void Refused(CellOptions cell, string kind, string option)
        {
            VqVaeOptions options = Options(kind, 1, 1, 0) with { Cell = cell };
            Assert.Equal(option, Assert.Throws<InputException>(options.Validate).Option);
        }
    }

    [Fact]
    public void Codes_of_another_number_a_cell_are_refused()
    {
        using VqVae model = Model("ema", 1, 2, 0);
        using Indices flat = Indices.From(new int[6], [1, 2, 3], Codes);
        using Indices three = Indices.From(new int[18], [1, 2, 3, 3], Codes);
        // The first level of a residual quantizer decodes alone.
        using Indices first = Indices.From(new int[6], [1, 2, 3, 1], Codes);
        using (Tensor image = model.Decode(first)) Assert.Equal(new Shape(1, 8, 12, 3), image.Shape);
        // One code of two groups is no level.
        using VqVae grouped = Model("ema", 2, 2, 0);
        Assert.Throws<ArgumentException>(() => grouped.Decode(first));
        Assert.Throws<ArgumentException>(() => grouped.Decode(three));
        Assert.Contains(
            "[batch, height, width, 2]", Assert.Throws<ArgumentException>(() => model.Decode(flat)).Message);
        Assert.Throws<ArgumentException>(() => model.Decode(three));
    }

    /// <summary>The first codes of each group decode to the sum of their vectors.</summary>
    [Theory]
    [InlineData("ema", 1, 4)]
    [InlineData("ema", 2, 2)]
    [InlineData("cosine", 2, 2)]
    public void The_first_levels_decode_alone(string kind, int groups, int depth)
    {
        using VqVae model = Model(kind, groups, depth, lookupDim: 0);
        using var all = new Tokenizer(model);
        int[] codes = all.Encode(SyntheticShapes.Image(0, size: 16));
        float[][] book = [.. model.Quantizer.CodebookValues().Chunk(model.Options.CodeDim)];
        var images = new List<byte[]>();
        for (int kept = 1; kept <= depth; kept++)
        {
            int[] first = [.. codes.Where((_, place) => place % depth < kept)];
            using Indices given = Indices.From(first, [1, 4, 4, groups * kept], Codes);
            using Tensor decoded = model.Decode(given);
            using var tokenizer = new Tokenizer(model) { Depth = kept };
            images.Add(tokenizer.Decode(codes, 4, 4).Pixels);
            byte[] pixels = new byte[images[^1].Length];
            PixelValues.ToBytes(decoded.ToArray(), pixels);
            Assert.Equal(pixels, images[^1]);

            float[] vector = model.Quantizer.Lookup(given).ToArray()[..model.Options.CodeDim];
            float[][] parts =
            [
                .. codes[..(groups * depth)].Select((code, level) => book[level * Codes + code])
                    .Where((_, level) => level % depth < kept),
            ];
            Assert.All(vector, (value, d) => Assert.Equal(parts.Sum(part => part[d]), value, 1e-4));
        }
        Assert.Equal(all.Decode(codes, 4, 4).Pixels, images[^1]);
        Assert.Equal(depth, images.DistinctBy(Convert.ToHexString).Count());
    }

    [Fact]
    public void An_evaluation_of_the_first_levels_counts_these()
    {
        using VqVae model = Model("fsq", 2, 2, 0);
        ImageSet images = SyntheticShapes.Load(Split.Test, size: 16, trainCount: 1, testCount: 9);
        Evaluation[] byDepth = [.. ((int?[])[1, 2, null]).Select(depth => Evaluator.Evaluate(
            model, images, Split.Test, dataVariance: 0.1, depth, cancellation: TestContext.Current.CancellationToken))];
        Assert.Equal(byDepth[2] with { Levels = [] }, byDepth[1] with { Levels = [] });
        Assert.Equal(byDepth[2].Levels, byDepth[1].Levels);
        Assert.Equal([2 * Codes, 4 * Codes, 4 * Codes], byDepth.Select(evaluation => evaluation.Codes));
        Assert.Equal(
            [byDepth[2].Levels[0].CodesUsed, byDepth[2].Levels[2].CodesUsed],
            byDepth[0].Levels.Select(level => level.CodesUsed));
        Assert.NotEqual(byDepth[0].Mse, byDepth[1].Mse);
    }

    [Theory]
    [InlineData("ema", 2, 2, 0, "Depth must be 1 to 2, the model's, not 0")]
    [InlineData("ema", 2, 2, 3, "Depth must be 1 to 2, the model's, not 3")]
    [InlineData("ema", 2, 1, 1, "Depth needs a model with a depth of 2 or more, whose first codes decode alone")]
    [InlineData("gumbel", 1, 1, 1, "Depth needs a model with a depth of 2 or more, whose first codes decode alone")]
    public void Levels_that_a_model_does_not_have_are_refused(
        string kind, int groups, int depth, int given, string message)
    {
        using VqVae model = Model(kind, groups, depth, 0);
        ImageSet images = SyntheticShapes.Load(Split.Test, size: 16, trainCount: 1, testCount: 1);
        InputException[] errors =
        [
            Assert.Throws<InputException>(() => new Tokenizer(model) { Depth = given }),
            Assert.Throws<InputException>(() => Evaluator.Evaluate(
                model, images, Split.Test, null, given, cancellation: TestContext.Current.CancellationToken)),
        ];
        Assert.All(errors, error => Assert.Equal((message, "Depth"), (error.Message, error.Option)));
    }

    private static QuantizedLevel LevelOf(VqVaeOutput output, int level) => output.Quantized.Levels[level];

    private static VqVaeOptions Options(string kind, int groups, int depth, int lookupDim) => new()
    {
        Hidden = 8,
        ResidualHidden = 4,
        ResidualLayers = 1,
        Codes = Codes,
        CodeDim = 8,
        LookupDim = lookupDim,
        Quantizer = QuantizerOptions.Find(kind),
        Cell = new CellOptions { Groups = groups, Depth = depth },
    };

    private static VqVae Model(string kind, int groups, int depth, int lookupDim)
    {
        var model = new VqVae(Options(kind, groups, depth, lookupDim), seed: 3);
        if (model.Options.Quantizer is not CodebookOptions)
        {
            // An untrained encoder's vectors hardly differ.
            Tensor weight = model.State().Single(entry => entry.Name == "_pre_vq_conv.weight").Tensor;
            weight.CopyFrom([.. weight.ToArray().Select(value => 200 * value)]);
        }
        using Tensor images = Images(12, stream: 2);
        for (int level = 0; level < model.Quantizer.Levels.Count; level++)
        {
            Tensor latents = model.Forward(images).Quantized.Levels[level].Latents;
            Tensor rows = latents.Reshape([latents.Shape.Rows, latents.Shape.Last]);
            model.Quantizer.Levels[level].Start(rows.Rows(level * Codes, Codes), vectorsPerCode: 1);
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
