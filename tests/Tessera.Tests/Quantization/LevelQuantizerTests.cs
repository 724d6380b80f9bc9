using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Tests.Quantization;

/// <summary>Quantizers without a nearest-neighbour search.</summary>
public class LevelQuantizerTests
{
    private const int Rows = 300;

    public static TheoryData<string, int> All() => new()
    {
        { "fsq", 64 }, { "fsq", 60 }, { "lfq", 64 }, { "bsq", 64 }, { "gumbel", 64 },
    };

    [Theory]
    [MemberData(nameof(All))]
    public void Codes_are_found_looked_up_and_listed(string kind, int codes)
    {
        using Quantizer quantizer = Create(kind, codes, out int dimensions);
        Assert.Equal(kind != "gumbel", quantizer is LevelQuantizer);
        Assert.Equal(kind is "lfq" or "bsq", quantizer is BitQuantizer);
        using Tensor z = Vectors(dimensions);
        Quantized quantized = quantizer.Quantize(z, training: false);
        int[] found = quantizer.FindCodes(z).ToArray();
        Assert.Equal(found, quantized.Codes.ToArray());
        Assert.True(found.Distinct().Count() > codes / 4, $"{kind} uses {found.Distinct().Count()} of {codes} codes");
        float[] vectors = quantized.Vectors.ToArray();
        Assert.Equal(vectors, quantizer.Lookup(quantized.Codes).ToArray());
        float[] codebook = quantizer.CodebookValues();
        Assert.Equal(codes * dimensions, codebook.Length);
        float[][] table = [.. codebook.Chunk(dimensions)];
        Assert.Equal(vectors, found.SelectMany(code => table[code]));
        // Every code's own vector is quantized to it; a relaxed draw knows its codes by their logits alone.
        if (kind == "gumbel") return;
        using Tensor own = Tensor.From(Inverse(kind, codebook, dimensions), [codes, dimensions]);
        Assert.Equal(Enumerable.Range(0, codes), quantizer.FindCodes(own).ToArray());
    }

    [Fact]
    public void Fsq_levels_are_those_of_the_paper()
    {
        using var quantizer = new FiniteScalarQuantizer(12, new() { Levels = [4, 3] }, new Initializer(1));
        float[] codebook = quantizer.CodebookValues();
        // The first dimension's level is the lowest digit.
        Assert.Equal([-1f, -0.5f, 0, 0.5f, -1, -0.5f], codebook.Where((_, i) => i % 2 == 0).Take(6));
        Assert.Equal([-1f, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1], codebook.Where((_, i) => i % 2 == 1));
        // 0 lies on a level; far numbers get the outermost ones.
        using Tensor z = Tensor.From([0f, 0, -99, -99, 99, 99], [3, 2]);
        Assert.Equal([2 + 4 * 1, 0, 3 + 4 * 2], quantizer.FindCodes(z).ToArray());
    }

    [Theory]
    [InlineData(512, new[] { 8, 8, 8 })]
    [InlineData(4096, new[] { 8, 8, 8, 8 })]
    [InlineData(1000, new[] { 8, 5, 5, 5 })]
    [InlineData(65536, new[] { 8, 8, 8, 8, 4, 4 })]
    [InlineData(16, new[] { 4, 4 })]
    [InlineData(2, new[] { 2 })]
    public void Fsq_finds_levels_for_a_number_of_codes(int codes, int[] levels) =>
        Assert.Equal(levels, new FiniteScalarQuantizerOptions().LevelsFor(codes));

    [Fact]
    public void Numbers_of_codes_that_cannot_be_are_refused()
    {
        Refused(new FiniteScalarQuantizerOptions(), 11, "11 codes");
        Refused(new FiniteScalarQuantizerOptions { Levels = [8, 8] }, 512, "give 64");
        Refused(new LookupFreeQuantizerOptions(), 500, "power of two");
        Refused(new BinarySphericalQuantizerOptions(), 1, "power of two");
        Assert.IsType<BitOptions>(QuantizerOptions.Find("bsq"), exactMatch: false);
        Refused(new FiniteScalarQuantizerOptions { Levels = [1, 512] }, 512, "from 2 to 64");
        Refused(new BinarySphericalQuantizerOptions { Temperature = 0 }, 512, "above 0");
        Refused(new GumbelQuantizerOptions { TemperatureUpdates = 0 }, 512, "at least 1");
        Refused(new LookupFreeQuantizerOptions { Entropy = float.NaN }, 512, "at least 0");

        static void Refused(QuantizerOptions quantizer, int codes, string part)
        {
            var options = new VqVaeOptions { Codes = codes, Quantizer = quantizer };
            Assert.Contains(part, Assert.Throws<InputException>(options.Validate).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void NaN_is_not_hidden(string kind, int codes)
    {
        using Quantizer quantizer = Create(kind, codes, out int dimensions);
        using Tensor z = Vectors(dimensions);
        float[] values = z.ToArray();
        values[0] = float.NaN;
        z.CopyFrom(values);
        Quantized quantized = quantizer.Quantize(z, training: false);
        Assert.True(
            float.IsNaN(quantized.Vectors.ToArray()[0]) || float.IsNaN(quantized.Loss.Item()),
            $"{kind} gives numbers for NaN");
        Assert.All(quantized.Codes.ToArray(), code => Assert.InRange(code, 0, codes - 1));
    }

    /// <summary>Without a learner's block, each training step has noise of its own and a lower temperature.</summary>
    [Fact]
    public void A_relaxed_draw_changes_from_step_to_step()
    {
        using var quantizer = new GumbelQuantizer(
            8, 4, new() { TemperatureUpdates = 3, LastTemperature = 0.01f }, new Initializer(1));
        using Tensor z = Vectors(4);
        float[][] steps =
            [.. Enumerable.Range(0, 4).Select(_ => quantizer.Quantize(z, training: true).Vectors.ToArray())];
        Assert.Equal(4, steps.Select(step => step[0]).Distinct().Count());
        // At the end the mixture is nearly one code.
        float[][] codes = [.. quantizer.CodebookValues().Chunk(4)];
        int near = steps[^1].Chunk(4).Count(
            vector => codes.Any(code => code.Zip(vector, (a, b) => Math.Abs(a - b)).Max() < 0.01));
        Assert.InRange(near, Rows / 2, Rows);
    }

    [Fact]
    public void Entropy_terms_decide_each_vector_and_spread_the_batch()
    {
        const int Bits = 4;
        using var quantizer = new LookupFreeQuantizer(
            1 << Bits, new() { Commitment = 0, Entropy = 1, Diversity = 2 }, new Initializer(1));
        // All vectors are near one corner.
        float[] z = [.. Normal(Rows * Bits, 1).Select(value => 0.3f + 0.2f * value)];
        int before = Used();
        for (int step = 0; step < 200; step++)
        {
            using var tape = new Tape();
            Tensor x = tape.Variable(z, [Rows, Bits]);
            tape.Backward(quantizer.Quantize(x, training: true).Loss);
            float[] gradient = x.Gradient!.ToArray();
            for (int i = 0; i < z.Length; i++) z[i] -= 30 * gradient[i];
        }
        Assert.InRange(Used(), before + 4, 1 << Bits);
        // The bits are decided: far from 0.
        Assert.InRange(z.Average(Math.Abs), 1, 100);

        int Used()
        {
            using Tensor x = Tensor.From(z, [Rows, Bits]);
            return quantizer.FindCodes(x).ToArray().Distinct().Count();
        }
    }

    /// <summary>Vectors before the bounding, for the values of codes.</summary>
    private static float[] Inverse(string kind, float[] codebook, int dimensions)
    {
        if (kind != "fsq") return codebook;
        // A value in the middle of a level's interval is enough: its sign and size are kept by the tanh.
        return
        [
            .. codebook.Select((value, i) =>
            {
                int levels = new FiniteScalarQuantizerOptions().LevelsFor(codebook.Length / dimensions)[i % dimensions];
                double half = (levels - 1) * (1 - 1e-3) / 2;
                double offset = levels % 2 == 0 ? 0.5 : 0;
                double target = Math.Clamp((value * (levels / 2) + offset) / half, -0.999, 0.999);
                return (float)(Math.Atanh(target) - (levels == 2 ? 0 : Math.Atanh(offset / half)));
            }),
        ];
    }

    private static Quantizer Create(string kind, int codes, out int dimensions)
    {
        QuantizerOptions options = QuantizerOptions.Find(kind);
        dimensions = options.DimensionsFor(codes) ?? 5;
        return options.Create(codes, dimensions, new Initializer(seed: 3));
    }

    private static Tensor Vectors(int dimensions) =>
        Tensor.From([.. Normal(Rows * dimensions, 7).Select(value => 1.5f * value)], [1, Rows, 1, dimensions]);

    private static float[] Normal(int count, ulong stream)
    {
        float[] values = new float[count];
        new CounterRandom(5, stream).FillNormal(values);
        return values;
    }
}
