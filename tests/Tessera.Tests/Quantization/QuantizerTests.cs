using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Tests.Quantization;

/// <summary>The common properties of all quantizers, and those of each one.</summary>
public class QuantizerTests
{
    private const int Codes = 6, Dimensions = 4;

    public static TheoryData<string, int> All()
    {
        var all = new TheoryData<string, int>();
        foreach (CodebookOptions options in QuantizerOptions.All.OfType<CodebookOptions>())
        {
            all.Add(options.Kind, 0);
            all.Add(options.Kind, 2);
        }
        return all;
    }

    [Fact]
    public void Options_create_quantizers_of_their_kind()
    {
        var initializer = new Initializer(seed: 1);
        Quantizer Create(QuantizerOptions options) => options.Create(codes: 8, codeDim: 4, initializer);

        Assert.IsType<VectorQuantizer>(Create(new VectorQuantizerOptions()));
        Assert.IsType<SimVectorQuantizer>(Create(new SimVectorQuantizerOptions()));
        Assert.IsType<EmaVectorQuantizer>(Create(new EmaVectorQuantizerOptions()));
        Assert.IsType<CosineVectorQuantizer>(Create(new CosineVectorQuantizerOptions()));
        Assert.IsType<FiniteScalarQuantizer>(Create(new FiniteScalarQuantizerOptions()));
        Assert.IsType<LookupFreeQuantizer>(Create(new LookupFreeQuantizerOptions()));
        Assert.IsType<BinarySphericalQuantizer>(Create(new BinarySphericalQuantizerOptions()));
        Assert.IsType<GumbelQuantizer>(Create(new GumbelQuantizerOptions()));
        foreach (QuantizerOptions options in QuantizerOptions.All)
        {
            Assert.Equal(options is CodebookOptions, Create(options) is CodebookQuantizer);
            Assert.Equal(options is CodebookOptions or BitOptions, options is EntropyOptions);
            Assert.Equal(options is RunningAverageOptions, Create(options) is RunningAverageQuantizer);
            var projected = new ProjectedQuantizer(
                codeDim: 4, lookupDim: 2, () => options.Create(8, 2, initializer), initializer);
            Assert.Equal(Create(options).GetType(), projected.Inner.GetType());
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Codes_look_up_the_quantized_vectors(string kind, int lookupDim)
    {
        Quantizer quantizer = Make(QuantizerOptions.Find(kind), lookupDim);
        using var tape = new Tape();
        Tensor z = tape.Variable(Normal(3 * 2 * Dimensions, 1), [1, 3, 2, Dimensions]);
        Quantized quantized = quantizer.Quantize(z, training: false);
        int[] codes = quantized.Codes.ToArray();
        Assert.Equal(codes, quantizer.FindCodes(Tensor.From(z.ToArray(), z.Shape)).ToArray());
        Assert.Equal(new Shape(1, 3, 2), quantized.Codes.Shape);
        Assert.Equal(quantized.Vectors.ToArray(), quantizer.Lookup(quantized.Codes).ToArray());
        Assert.Equal(new Shape(Codes, Dimensions), quantizer.Codebook(tape).Shape);
        float[][] codebook = [.. quantizer.CodebookValues().Chunk(Dimensions)];
        Assert.Equal(
            codes.SelectMany(code => codebook[code]), quantized.Vectors.ToArray(),
            (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Without_a_tape_a_call_allocates_its_result_alone(string kind, int lookupDim)
    {
        using var device = new CountingDevice();
        Quantizer quantizer = Make(QuantizerOptions.Find(kind), lookupDim, device: device);
        using Tensor z = Tensor.From(Normal(3 * 2 * Dimensions, 1), [1, 3, 2, Dimensions], device);
        using Indices codes = quantizer.FindCodes(z);
        using Tensor vectors = quantizer.Lookup(codes);
        int before = device.Allocations;
        using Indices again = quantizer.FindCodes(z);
        using Tensor same = quantizer.Lookup(again);
        Assert.Equal(2, device.Allocations - before);
        Assert.Null(same.Tape);
        Assert.Equal(vectors.ToArray(), same.ToArray());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Start_sets_the_codebook(string kind, int lookupDim)
    {
        Quantizer quantizer = Make(QuantizerOptions.Find(kind), lookupDim);
        int dimensions = lookupDim == 0 ? Dimensions : lookupDim;
        Tensor start = Tensor.From(Normal(Codes * dimensions, 5), [Codes, dimensions]);
        if (kind == "cosine") start = start.NormalizeRows();
        quantizer.Start(start, vectorsPerCode: 3);
        Quantizer inner = Make(QuantizerOptions.Find(kind), 0, dimensions);
        inner.Start(start, vectorsPerCode: 3);
        Assert.Equal(start.ToArray(), inner.CodebookValues(), (a, b) => Math.Abs(a - b) < 1e-6);
        if (lookupDim == 0) Assert.Equal(inner.CodebookValues(), quantizer.CodebookValues());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_parameter_and_the_input_get_a_gradient(string kind, int lookupDim)
    {
        foreach (GradientEstimator estimator in Enum.GetValues<GradientEstimator>())
        {
            Quantizer quantizer = Make(
                (CodebookOptions)QuantizerOptions.Find(kind) with { Gradient = estimator }, lookupDim);
            using var tape = new Tape();
            Tensor z = tape.Variable(Normal(5 * Dimensions, 1), [1, 5, 1, Dimensions]);
            Quantized quantized = quantizer.Quantize(z, training: true);
            tape.Backward(quantized.Loss.Add(
                quantized.Vectors.MeanSquaredError(tape.Input(Normal(5 * Dimensions, 2), z.Shape))));
            AssertGradient("z", z);
            foreach ((string name, Tensor tensor) in quantizer.Parameters()) AssertGradient(name, tensor);

            void AssertGradient(string name, Tensor tensor) => Assert.True(
                tensor.Gradient?.ToArray().Any(value => value != 0), $"{name} has no gradient ({estimator})");
        }
    }

    [Fact]
    public void Smoothing_a_copy_leaves_the_sizes_and_keeping_it_does_not()
    {
        Tensor z = Tensor.From(Normal(8 * Dimensions, 1), [8, Dimensions]);
        float[] Sizes(bool keep)
        {
            var quantizer = (EmaVectorQuantizer)Make(
                new EmaVectorQuantizerOptions
                {
                    Decay = 0.5,
                    KeepSmoothing = keep,
                    AveragesStart = EmaStart.Codebook,
                },
                0);
            int[] codes = quantizer.Quantize(z, training: true).Codes.ToArray();
            float[] sizes = quantizer.ClusterSizes.ToArray();
            float[] sums = quantizer.Sums.ToArray(), codebook = quantizer.CodebookValues();
            double total = sizes.Sum();
            for (int code = 0; code < Codes; code++)
            {
                if (!keep) Assert.Equal(0.5f + 0.5f * codes.Count(each => each == code), sizes[code]);
                double divisor = keep ? sizes[code] : (sizes[code] + 1e-5) / (total + Codes * 1e-5) * total;
                for (int i = code * Dimensions; i < (code + 1) * Dimensions; i++)
                    Assert.Equal(sums[i] / divisor, codebook[i], 1e-5);
            }
            return sizes;
        }
        Assert.NotEqual(Sizes(keep: true), Sizes(keep: false));
    }

    [Theory]
    [InlineData(0, 2.0 / 11)]
    [InlineData(1, 3.0 / 12)]
    [InlineData(8, 0.5)]
    [InlineData(1000, 0.5)]
    public void A_decay_that_ramps_up_forgets_faster_at_first(int updatesBefore, double decay)
    {
        Tensor z = Tensor.From(Normal(8 * Dimensions, 1), [8, Dimensions]);
        void Check(bool resumed)
        {
            var quantizer = (EmaVectorQuantizer)Make(
                new EmaVectorQuantizerOptions { Decay = 0.5, DecayRamp = true, KeepSmoothing = false }, 0);
            if (resumed) quantizer.SetUpdates(updatesBefore);
            else for (int update = 0; update < updatesBefore; update++) quantizer.Quantize(z, training: true);
            quantizer.ClusterSizes.Fill(8);
            int[] codes = quantizer.Quantize(z, training: true).Codes.ToArray();
            float[] sizes = quantizer.ClusterSizes.ToArray();
            for (int code = 0; code < Codes; code++)
                Assert.Equal(8 * decay + (1 - decay) * codes.Count(each => each == code), sizes[code], 1e-5);
        }
        Check(resumed: false);
        Check(resumed: true);
    }

    [Fact]
    public void Cosine_codes_have_length_one_and_choose_by_angle_alone()
    {
        Quantizer quantizer = Make(new CosineVectorQuantizerOptions { Decay = 0.5 }, 0);
        float[] values = Normal(9 * Dimensions, 1);
        Tensor z = Tensor.From(values, [9, Dimensions]);
        Assert.Equal(
            quantizer.FindCodes(z).ToArray(),
            quantizer.FindCodes(Tensor.From([.. values.Select(value => 7 * value)], z.Shape)).ToArray());
        for (int update = 0; update < 5; update++) quantizer.Quantize(z, training: true);
        foreach (float[] code in quantizer.CodebookValues().Chunk(Dimensions))
            Assert.Equal(1, code.Sum(value => value * value), 1e-5);
    }

    /// <summary>One gradient step moves codes that no vector chose, which is the purpose of SimVQ.</summary>
    [Fact]
    public void SimVQ_moves_every_code_and_keeps_its_frozen_ones()
    {
        Quantizer quantizer = Make(new SimVectorQuantizerOptions(), 0);
        float[] before = quantizer.CodebookValues(), frozen = quantizer.State().First().Tensor.ToArray();
        using var tape = new Tape();
        tape.Backward(quantizer.Quantize(tape.Variable(Normal(Dimensions, 1), [1, Dimensions]), training: true).Loss);
        Tensor map = quantizer.Parameters().Single().Tensor;
        map.CopyFrom([.. map.ToArray().Zip(map.Gradient!.ToArray(), (weight, gradient) => weight - gradient)]);
        Assert.All(
            before.Chunk(Dimensions).Zip(quantizer.CodebookValues().Chunk(Dimensions)),
            pair => Assert.NotEqual(pair.First, pair.Second));
        Assert.Equal(frozen, quantizer.State().First().Tensor.ToArray());
    }

    [Theory]
    [InlineData("ema", 0)]
    [InlineData("cosine", 0)]
    [InlineData("ema", 2)]
    public void Dead_codes_become_different_vectors_with_the_statistics_of_an_even_share(string kind, int lookupDim)
    {
        Quantizer quantizer = Make(
            (RunningAverageOptions)QuantizerOptions.Find(kind) with { Revival = 0.5, Decay = 0.5 }, lookupDim);
        int dimensions = lookupDim == 0 ? Dimensions : lookupDim;
        // All codes but the first are far from all vectors, so that one code serves all.
        float[] far =
            [.. Enumerable.Range(0, Codes * dimensions).Select(i => i < dimensions ? 1f : i % 2 == 0 ? -90f : 0)];
        quantizer.Start(Tensor.From(far, [Codes, dimensions]), vectorsPerCode: 0);
        Tensor z = Tensor.From(
            [.. Normal(12 * Dimensions, 1).Select(value => 1 + 0.1f * value)], [1, 12, 1, Dimensions]);
        Quantized quantized = quantizer.Quantize(z, training: true);
        int[] codes = quantized.Codes.ToArray();
        int used = codes.Distinct().Count();

        int revived = quantizer.Revive(quantized.Levels[0].Latents, new CounterRandom(1, 1));

        Assert.Equal(Codes - used, revived);
        Dictionary<string, Tensor> state =
            quantizer.State().ToDictionary(entry => entry.Name.Replace("_quantizer.", ""), entry => entry.Tensor);
        float[] sizes = state["_ema_cluster_size"].ToArray();
        float[][] codebook = [.. state["_embedding.weight"].ToArray().Chunk(dimensions)];
        float[][] sums = [.. state["_ema_w"].ToArray().Chunk(dimensions)];
        float[][] vectors = [.. quantized.Levels[0].Latents.ToArray().Chunk(dimensions)];
        int[] dead = [.. Enumerable.Range(0, Codes).Except(codes)];
        Assert.All(dead, code =>
        {
            Assert.Equal(12f / Codes, sizes[code]);
            Assert.Contains(vectors, vector => vector.SequenceEqual(codebook[code]));
            Assert.Equal(codebook[code].Select(value => value * 2), sums[code]);
        });
        Assert.Equal(dead.Length, dead.Select(code => string.Join(' ', codebook[code])).Distinct().Count());
        Assert.Equal(0, quantizer.Revive(quantized.Levels[0].Latents, new CounterRandom(1, 2)));
    }

    [Fact]
    public void A_codebook_without_revival_stays_as_it_is()
    {
        foreach (CodebookOptions options in QuantizerOptions.All.OfType<CodebookOptions>())
        {
            Quantizer quantizer = Make(options, 0);
            float[] before = quantizer.CodebookValues();
            Tensor z = Tensor.From(Normal(8 * Dimensions, 1), [8, Dimensions]);
            Assert.Equal(0, quantizer.Revive(z, new CounterRandom(1, 1)));
            Assert.Equal(before, quantizer.CodebookValues());
        }
    }

    /// <summary>The gradients of the terms are those of their formulas, by differences.</summary>
    [Theory]
    [InlineData(0.7f, 0f)]
    [InlineData(0f, 0.9f)]
    public void Regularisation_follows_its_formulas(float entropy, float orthogonality)
    {
        const float Diversity = 1.5f, Temperature = 0.8f;
        var options = new VectorQuantizerOptions
        {
            Commitment = 0,
            Entropy = entropy,
            Diversity = Diversity,
            Temperature = Temperature,
            Orthogonality = orthogonality,
        };
        Quantizer quantizer = Make(options, 0), plain = Make(new VectorQuantizerOptions { Commitment = 0 }, 0);
        float[] values = Normal(5 * Dimensions, 1), codebook = Normal(Codes * Dimensions, 2);
        quantizer.Start(Tensor.From(codebook, [Codes, Dimensions]), vectorsPerCode: 1);
        plain.Start(Tensor.From(codebook, [Codes, Dimensions]), vectorsPerCode: 1);
        using Tape tape = new(), other = new();
        Tensor z = tape.Variable(values, [5, Dimensions]), same = other.Variable(values, [5, Dimensions]);
        Tensor loss = quantizer.Quantize(z, training: true).Loss, without = plain.Quantize(same, training: true).Loss;
        Assert.Equal(Term(values, codebook), loss.Item() - without.Item(), 1e-5);
        tape.Backward(loss);
        other.Backward(without);
        AssertSlopes(values, z.Gradient!, same.Gradient!, changed => Term(changed, codebook));
        AssertSlopes(
            codebook, quantizer.Table().Gradient!, plain.Table().Gradient!, changed => Term(values, changed));
        // They are terms of training alone.
        Assert.Equal(
            plain.Quantize(z.WithoutTape(), training: false).Loss.Item(),
            quantizer.Quantize(z.WithoutTape(), training: false).Loss.Item());

        double Term(float[] u, float[] e) =>
            entropy * EntropyOf(u, e, Diversity, Temperature) + orthogonality * OverlapOf(e);

        static void AssertSlopes(float[] at, Tensor gradient, Tensor rest, Func<float[], double> term)
        {
            const float Step = 1e-2f;
            float[] found = gradient.ToArray(), others = rest.ToArray();
            for (int i = 0; i < at.Length; i++)
            {
                float[] up = [.. at], down = [.. at];
                up[i] += Step;
                down[i] -= Step;
                Assert.Equal((term(up) - term(down)) / (2 * Step), found[i] - others[i], 2e-3);
            }
        }
    }

    private static double EntropyOf(float[] u, float[] e, double diversity, double temperature)
    {
        float[][] vectors = [.. u.Chunk(Dimensions)], codes = [.. e.Chunk(Dimensions)];
        double[] mean = new double[Codes];
        double rows = 0;
        foreach (float[] vector in vectors)
        {
            double[] p =
            [
                .. codes.Select(code => Math.Exp(
                    -vector.Zip(code, (a, b) => ((double)a - b) * ((double)a - b)).Sum() / temperature)),
            ];
            double sum = p.Sum();
            for (int k = 0; k < Codes; k++)
            {
                p[k] /= sum;
                mean[k] += p[k] / vectors.Length;
            }
            rows -= p.Sum(each => each * Math.Log(each)) / vectors.Length;
        }
        return rows + diversity * mean.Sum(each => each * Math.Log(each));
    }

    private static double OverlapOf(float[] e)
    {
        double[][] directions =
        [
            .. e.Chunk(Dimensions).Select(code =>
            {
                double length = Math.Sqrt(code.Sum(value => (double)value * value));
                return code.Select(value => value / length).ToArray();
            }),
        ];
        double sum = directions.Sum(a => directions.Sum(b => Math.Pow(a.Zip(b, (x, y) => x * y).Sum(), 2)));
        return sum / (Codes * Codes) - 1.0 / Codes;
    }

    [Fact]
    public void An_unknown_quantizer_is_refused_with_the_known_ones()
    {
        string message = Assert.Throws<InputException>(() => QuantizerOptions.Find("pq")).Message;
        Assert.All(QuantizerOptions.All, options => Assert.Contains(options.Kind, message, StringComparison.Ordinal));
    }

    private static Quantizer Make(
        QuantizerOptions options, int lookupDim, int dimensions = Dimensions, Device? device = null)
    {
        var model = new VqVaeOptions
        {
            Codes = Codes,
            CodeDim = dimensions,
            LookupDim = lookupDim,
            Quantizer = options,
        };
        return model.CreateQuantizer(new Initializer(seed: 3, device));
    }

    private static float[] Normal(int length, ulong stream)
    {
        float[] values = new float[length];
        new CounterRandom(11, stream).FillNormal(values);
        return values;
    }
}
