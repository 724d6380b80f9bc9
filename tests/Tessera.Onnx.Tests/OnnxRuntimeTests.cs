using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;

namespace Tessera.Onnx.Tests;

/// <summary>Compares an export in ONNX Runtime with the model.</summary>
public sealed class OnnxRuntimeTests
{
    /// <summary>The largest difference of pixels in [0, 1].</summary>
    private const float PixelTolerance = 1e-4f;

    /// <summary>
    /// The largest excess of the squared distance of a code over that of the nearest, divided by |z|^2 + |e|^2. The
    /// sums of the encoder in float32 have another order, so rounding can decide between nearly equal distances.
    /// </summary>
    private const double Rounding = 1e-5;

    public static TheoryData<string, int> Quantizers()
    {
        var all = new TheoryData<string, int>();
        foreach (QuantizerOptions options in QuantizerOptions.All)
        {
            all.Add(options.Kind, 0);
            if (options is CodebookOptions) all.Add(options.Kind, 3);
        }
        return all;
    }

    [Theory]
    [InlineData("ema", 0, 2, 2)]
    [InlineData("simvq", 4, 2, 1)]
    [InlineData("cosine", 0, 1, 3)]
    [InlineData("fsq", 0, 1, 2)]
    [InlineData("lfq", 0, 2, 2)]
    [InlineData("bsq", 0, 1, 2)]
    [InlineData("gumbel", 0, 2, 1)]
    public void Cells_of_several_codes_are_those_of_the_model(string kind, int lookupDim, int groups, int depth) =>
        AssertAgrees(ExportedModel.Options(kind, lookupDim, groups, depth));

    [Theory]
    [InlineData("ema", 0)]
    [InlineData("gradient", 3)]
    [InlineData("simvq", 0)]
    [InlineData("cosine", 4)]
    [InlineData("lfq", 0)]
    public void Codes_of_two_levels_are_those_of_the_model(string kind, int lookupDim) =>
        AssertAgrees(ExportedModel.Options(kind, lookupDim, top: true));

    [Fact]
    public void Two_levels_with_normalisation_and_attention_are_exported() => AssertAgrees(
        ExportedModel.Options("ema", top: true) with { Stride = 2, GroupNorm = 2, Attention = 2 });

    /// <summary>Codes that follow from a formula are decoded without a table.</summary>
    [Fact]
    public void A_code_of_many_bits_is_exported_without_a_table()
    {
        using var exported = new ExportedModel(ExportedModel.Options("lfq") with { Codes = 1 << 18 });
        int[] codes = [.. Enumerable.Range(0, 2 * 5 * 3).Select(i => i * 7919 % (1 << 18))];
        long[] input = Array.ConvertAll(codes, code => (long)code);
        AssertSameImages(
            exported, codes, [2, 3, 20, 12], RuntimeModel.Run(exported.Decoder, input, 2, 5, 3)["pictures"]);
        Assert.InRange(new FileInfo(exported.Decoder).Length, 1, 1 << 20);
    }

    [Theory]
    [MemberData(nameof(Quantizers))]
    public void Codes_and_images_are_those_of_the_model(string kind, int lookupDim) =>
        AssertAgrees(ExportedModel.Options(kind, lookupDim));

    [Fact]
    public void A_model_for_grey_images_without_residual_layers_is_exported() =>
        AssertAgrees(ExportedModel.Options("gradient") with { Channels = 1, ResidualLayers = 0 });

    /// <summary>Normalisation and attention at sizes that differ from call to call.</summary>
    [Theory]
    [InlineData(2, 0, 0)]
    [InlineData(8, 2, 0)]
    [InlineData(4, 2, 2)]
    [InlineData(16, 1, 4)]
    public void Networks_of_other_strides_with_normalisation_and_attention_are_exported(
        int stride, int groups, int heads) =>
        AssertAgrees(ExportedModel.Options("ema") with { Stride = stride, GroupNorm = groups, Attention = heads });

    [Fact]
    public void The_lowest_of_equal_codes_is_found()
    {
        using var exported = new ExportedModel(ExportedModel.Options("gradient"));
        using Tensor codebook = exported.Model.Quantizer.CopyCodebook();
        codebook.Rows(16, 16).CopyFrom(codebook.Rows(0, 16));
        exported.Model.Quantizer.Start(codebook, vectorsPerCode: 1);
        OnnxExport.Write(exported.Folder, exported.Model);
        float[] images = exported.Images(stream: 1, 2, 16, 16);
        Value codes = RuntimeModel.Run(exported.Encoder, images, 2, 3, 16, 16)["codes"];
        Assert.All(codes.As<long>(), code => Assert.InRange(code, 0, 15));
    }

    [Theory]
    [InlineData("gradient", 0)]
    [InlineData("simvq", 3)]
    public void The_declarations_of_an_export_are_read(string kind, int lookupDim)
    {
        using var exported = new ExportedModel(ExportedModel.Options(kind, lookupDim));
        string images = "Float batch,3,height,width", codes = "Int64 batch,code_height,code_width";
        AssertDeclares(exported.Encoder, kind, $"input pictures {images}", $"output codes {codes}");
        AssertDeclares(exported.Decoder, kind, $"input codes {codes}", $"output pictures {images}");
        AssertDeclares(
            exported.Autoencoder, kind,
            $"input pictures {images}", $"output reconstructions {images}", $"output codes {codes}");
    }

    [Fact]
    public void Rows_and_columns_beyond_a_multiple_of_4_are_ignored()
    {
        using var exported = new ExportedModel(ExportedModel.Options("gradient"));
        using var encoder = new RuntimeModel(exported.Encoder);
        Value codes = encoder.Run(exported.Images(stream: 1, 1, 19, 18), 1, 3, 19, 18)["codes"];
        Assert.Equal([1, 4, 4], codes.Sizes);
    }

    private static void AssertDeclares(string path, string kind, params string[] expected)
    {
        using var model = new RuntimeModel(path);
        Assert.Equal(expected, model.Declared);
        var metadata = new Dictionary<string, string>
        {
            ["codes"] = "32",
            ["code_dim"] = "8",
            ["channels"] = "3",
            ["pixels_per_code"] = "4",
            ["quantizer"] = kind,
            ["codes_per_cell"] = "1",
        };
        Assert.Equal(metadata, model.Metadata);
    }

    private static void AssertAgrees(VqVaeOptions options)
    {
        using var exported = new ExportedModel(options);
        (int channels, int stride) = (options.Channels, options.PixelsPerCode);
        (int batch, int height, int width) = (3, 4 * stride, 6 * stride);
        float[] images = exported.Images(stream: 1, batch, height, width);
        Value codes = RuntimeModel.Run(exported.Encoder, images, batch, channels, height, width)["codes"];
        AssertSameCodes(exported, images, batch, height, width, codes);

        int perCell = options.Cell.Codes;
        int[] others = [.. Enumerable.Range(0, 2 * 5 * 3 * perCell).Select(i => i * 7 % options.Codes)];
        long[] input = Array.ConvertAll(others, code => (long)code);
        int[] sizes = perCell == 1 ? [2, 5, 3] : [2, 5, 3, perCell];
        Value decoded = RuntimeModel.Run(exported.Decoder, input, sizes)["pictures"];
        AssertSameImages(exported, others, [2, channels, 5 * stride, 3 * stride], decoded);

        (batch, height, width) = (1, 10 * stride, 2 * stride);
        images = exported.Images(stream: 2, batch, height, width);
        Dictionary<string, Value> both =
            RuntimeModel.Run(exported.Autoencoder, images, batch, channels, height, width);
        AssertSameCodes(exported, images, batch, height, width, both["codes"]);
        AssertSameImages(exported, Whole(both["codes"]), [batch, channels, height, width], both["reconstructions"]);
    }

    private static void AssertSameCodes(
        ExportedModel exported, float[] images, int batch, int height, int width, Value actual)
    {
        int perCell = exported.Model.Options.Cell.Codes, stride = exported.Model.Options.PixelsPerCode;
        (int rows, int columns) = (height / stride, width / stride);
        Assert.Equal(perCell == 1 ? [batch, rows, columns] : [batch, rows, columns, perCell], actual.Sizes);
        int[] expected = exported.Encode(images, batch, height, width), found = Whole(actual);
        Assert.Equal(expected.Length, found.Length);
        Assert.True(expected.Distinct().Count() > 5, "The images have too few codes for the test to be meaningful.");
        if (perCell > 1 || exported.Model.Options.Quantizer is not CodebookOptions)
        {
            // Rounding decides where a vector lies between two codes: seldom.
            int different = expected.Zip(found).Count(pair => pair.First != pair.Second);
            Assert.True(different <= expected.Length / 50, $"{different} of {expected.Length} codes differ");
            return;
        }
        Tensor vectors = exported.Latents(images, batch, height, width);
        Quantizer quantizer = exported.Model.Quantizer;
        using Tensor lookedIn = (quantizer is ProjectedQuantizer projected ? projected.Inner : quantizer)
            .CopyCodebook();
        float[][] codebook = [.. lookedIn.ToArray().Chunk(vectors.Shape.Last)];
        float[][] z = [.. vectors.ToArray().Chunk(vectors.Shape.Last)];
        for (int i = 0; i < found.Length; i++)
        {
            if (found[i] == expected[i]) continue;
            float[] zero = new float[z[i].Length];
            double scale = SquaredDistance(z[i], zero) + SquaredDistance(codebook[expected[i]], zero);
            double further = SquaredDistance(z[i], codebook[found[i]]) - SquaredDistance(z[i], codebook[expected[i]]);
            double excess = further / scale;
            Assert.True(
                excess < Rounding,
                $"Vector {i}: code {found[i]} is farther than {expected[i]} by {excess:g2} of |z|^2 + |e|^2.");
        }
    }

    private static void AssertSameImages(ExportedModel exported, int[] codes, int[] sizes, Value actual)
    {
        Assert.Equal(sizes, actual.Sizes);
        int stride = exported.Model.Options.PixelsPerCode;
        float[] expected = exported.Decode(codes, sizes[0], sizes[2] / stride, sizes[3] / stride);
        float[] found = actual.As<float>();
        Assert.Equal(expected.Length, found.Length);
        float worst = expected.Zip(found, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst <= PixelTolerance, $"Pixels differ by up to {worst:g2}.");
        Assert.InRange(found.Distinct().Count(), 100, int.MaxValue);
    }

    private static int[] Whole(Value codes) => Array.ConvertAll(codes.As<long>(), code => checked((int)code));

    private static double SquaredDistance(float[] a, float[] b) =>
        a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum();
}
