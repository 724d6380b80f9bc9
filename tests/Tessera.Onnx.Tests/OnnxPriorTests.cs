using Microsoft.ML.OnnxRuntime;
using Tessera.Models;
using Tessera.Priors;

namespace Tessera.Onnx.Tests;

/// <summary>Compares the export of a prior in ONNX Runtime with the prior.</summary>
public sealed class OnnxPriorTests
{
    /// <summary>The largest difference of logits, of which the largest are about 5: sums have another order.</summary>
    private const float Tolerance = 1e-5f;

    public static TheoryData<string> Cases => [.. Sizes.Keys];

    private static Dictionary<string, CodePriorOptions> Sizes { get; } = new()
    {
        ["several classes"] = ExportedPrior.Options(4, 4, "cat", "dog", "horse"),
        ["no classes"] = ExportedPrior.Options(),
        ["one head and one layer"] = ExportedPrior.Options(4, 4, "cat", "dog") with { Heads = 1, Layers = 1 },
        ["3 rows and 5 columns"] = ExportedPrior.Options(3, 5, "cat", "dog"),
        ["several codes a cell"] = ExportedPrior.Options(2, 3, "cat") with { CodesPerCell = 4 },
        ["one code"] = ExportedPrior.Options(1, 1, "cat", "dog"),
        ["a trained dropout"] = ExportedPrior.Options(2, 3) with { Dropout = 0.5f },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_are_those_of_the_prior(string sizes)
    {
        using var exported = new ExportedPrior(Sizes[sizes]);
        int any = exported.Prior.Options.Classes.Count;
        foreach (long[] classes in new long[][] { [any], [0], [any, 0, Math.Max(any - 1, 0)] })
        {
            long[] codes = exported.Codes(classes.Length);
            Value actual = exported.Run(codes, classes);
            Assert.Equal([classes.Length, exported.Prior.Options.Length, 20], actual.Sizes);
            float[] expected = exported.Logits(codes, classes), found = actual.As<float>();
            float worst = expected.Zip(found, (a, b) => Math.Abs(a - b)).Max();
            Assert.True(worst <= Tolerance, $"Logits differ by up to {worst:g2}.");
            Assert.True(expected.Max() - expected.Min() > 3, "The logits are too alike for the test to be meaningful.");
        }
    }

    [Fact]
    public void A_code_counts_for_the_logits_after_it_only()
    {
        using var exported = new ExportedPrior(ExportedPrior.Options(3, 5, "cat"));
        long[] codes = exported.Codes(1);
        float[] before = exported.Run(codes, [0]).As<float>();
        foreach (int changed in new[] { 0, 6, 14 })
        {
            long[] others = [.. codes];
            others[changed] = (codes[changed] + 1) % 20;
            float[] after = exported.Run(others, [0]).As<float>();
            for (int position = 0; position < codes.Length; position++)
            {
                bool isSame = before.AsSpan(position * 20, 20).SequenceEqual(after.AsSpan(position * 20, 20));
                Assert.True(
                    isSame == (position <= changed),
                    $"Another code {changed}: the logits of position {position} {(isSame ? "stay" : "change")}.");
            }
        }
    }

    [Fact]
    public void A_class_that_does_not_exist_is_refused()
    {
        using var exported = new ExportedPrior(ExportedPrior.Options(2, 2, "cat", "dog"));
        Assert.Throws<OnnxRuntimeException>(() => exported.Run(exported.Codes(1), [3]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_declarations_of_a_prior_are_read(int perCell)
    {
        using var exported = new ExportedPrior(
            ExportedPrior.Options(3, 5, "cat", "r\u00e9n") with { CodesPerCell = perCell });
        using var model = new RuntimeModel(exported.File);
        int length = 15 * perCell;
        Assert.Equal(
            [$"input codes Int64 batch,{length}", "input class Int64 batch", $"output logits Float batch,{length},20"],
            model.Declared);
        var metadata = new Dictionary<string, string>
        {
            ["codes"] = "20",
            ["rows"] = "3",
            ["columns"] = "5",
            ["codes_per_cell"] = $"{perCell}",
            ["classes"] = "[\"cat\",\"r\\u00E9n\"]",
        };
        Assert.Equal(metadata, model.Metadata);
    }

    [Fact]
    public void A_prior_of_another_number_of_codes_is_refused()
    {
        using var folder = new TemporaryFolder();
        using var model = new VqVae(ExportedModel.Options("ema"));
        using var prior = new CodePrior(ExportedPrior.Options());
        string message = Assert.Throws<InputException>(
            () => OnnxExport.Write(folder["onnx"], model, prior)).Message;
        Assert.Contains("the prior is over 20 codes, but the tokenizer has 32", message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["onnx"]));
    }
}
