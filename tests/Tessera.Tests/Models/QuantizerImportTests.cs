using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.IO;

namespace Tessera.Tests.Models;

/// <summary>
/// Quantizers of vector-quantize-pytorch in models. The fixtures have the library's names and shapes; what they expect
/// is computed with PyTorch from the papers' formulas (<c>make_library_quantizers.py</c>).
/// </summary>
public sealed class QuantizerImportTests : IDisposable
{
    private const int Codes = 16, Dimensions = 6;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. Kinds.Keys];

    private static Dictionary<string, VqVaeOptions> Kinds { get; } = new()
    {
        ["vq"] = With(new EmaVectorQuantizerOptions()),
        ["vq_mapped"] = With(new EmaVectorQuantizerOptions(), lookup: 4),
        ["cosine"] = With(new CosineVectorQuantizerOptions()),
        ["heads"] = With(new EmaVectorQuantizerOptions(), groups: 2),
        ["residual"] = With(new EmaVectorQuantizerOptions(), depth: 3),
        ["shared"] = With(new EmaVectorQuantizerOptions(), depth: 2, shared: true),
        ["grouped"] = With(new VectorQuantizerOptions(), groups: 2, depth: 2),
        ["residual_simvq"] = With(new SimVectorQuantizerOptions(), depth: 2),
        ["simvq"] = With(new SimVectorQuantizerOptions()),
        ["fsq"] = With(new FiniteScalarQuantizerOptions { Levels = [8, 5, 5] }, codes: 200),
        ["lfq"] = With(new LookupFreeQuantizerOptions()),
        ["bsq"] = With(new BinarySphericalQuantizerOptions()),
        ["residual_lfq"] = With(new LookupFreeQuantizerOptions(), depth: 2),
    };

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Names))]
    public void Codes_and_vectors_are_those_of_PyTorch(string name)
    {
        TensorFile expected = SafeTensors.Read(Repository.Fixture("pytorch", $"library_{name}.safetensors"));
        using var model = new VqVae(Kinds[name], seed: 1);
        (string place, bool hasNetwork) = QuantizerImport.Read(FileOf(name), model);
        Assert.Equal(name == "vq_mapped" ? "model.vq" : ".", place);
        Assert.False(hasNetwork, "the fixture has no network of a Tessera model");

        TensorEntry z = expected["z"];
        using var vectors = Tensor.From(z.Values.Span, [1, z.Shape[0], 1, Dimensions]);
        using Indices codes = model.Quantizer.FindCodes(vectors);
        Assert.Equal(expected.Ints("codes").Values.ToArray(), codes.ToArray());
        using Tensor decoded = model.Quantizer.Lookup(codes);
        Assert.All(
            expected["vectors"].Values.ToArray().Zip(decoded.ToArray()),
            pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void Running_averages_come_along_and_the_model_is_written_and_read()
    {
        TensorFile file = TensorFile.Read(FileOf("vq"));
        using var model = new VqVae(Kinds["vq"], seed: 1);
        QuantizerImport.Read(FileOf("vq"), model);
        ModelFile.Write(_folder["model.safetensors"], model, dataVariance: null);
        using VqVae read = ModelFile.Read(_folder["model.safetensors"]).Model;
        Assert.Equal(file["_codebook.embed"].Values.ToArray(), Of(read, "_embedding.weight"));
        Assert.Equal(file["_codebook.embed_avg"].Values.ToArray(), Of(read, "_ema_w"));
        Assert.Equal(file["_codebook.cluster_size"].Values.ToArray(), Of(read, "_ema_cluster_size"));
    }

    /// <summary>The notebook's network around a quantizer of the library.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("module.")]
    public void A_network_with_the_notebook_s_names_comes_along(string prefix)
    {
        using var source = new VqVae(Kinds["vq"], seed: 5);
        Write("whole.safetensors", [.. source.State().Select(entry => Entry(
            prefix + entry.Name
                .Replace("_embedding.weight", "_codebook.embed", StringComparison.Ordinal)
                .Replace("_ema_w", "_codebook.embed_avg", StringComparison.Ordinal)
                .Replace("_ema_cluster_size", "_codebook.cluster_size", StringComparison.Ordinal),
            entry.Tensor.ToArray(), entry.Tensor.Shape.ToArray()))]);
        using var model = new VqVae(Kinds["vq"], seed: 1);
        (string place, bool hasNetwork) = QuantizerImport.Read(_folder["whole.safetensors"], model);
        Assert.Equal($"{prefix}_vq_vae", place);
        Assert.True(hasNetwork, "encoder and decoder were not found");
        Assert.All(
            source.State().Zip(model.State()),
            pair => Assert.Equal(pair.First.Tensor.ToArray(), pair.Second.Tensor.ToArray()));
    }

    [Fact]
    public void Of_several_quantizers_the_one_that_fits_is_taken_or_must_be_named()
    {
        TensorEntry[] six = Codebook(Codes, Dimensions, "six."), four = Codebook(Codes, 4, "four.");
        Write("two.safetensors", [.. six, .. four]);
        using var model = new VqVae(Kinds["vq"], seed: 1);
        Assert.Equal("six", QuantizerImport.Read(_folder["two.safetensors"], model).Place);

        Write("alike.safetensors", [.. six, .. Codebook(Codes, Dimensions, "other.")]);
        InputException error = Refused("alike.safetensors", model);
        Assert.Contains(
            "several of its quantizers fit the model (six, other)", error.Message, StringComparison.Ordinal);
        Assert.Equal("codebookAt", error.Option);
        Assert.Equal("other", QuantizerImport.Read(_folder["alike.safetensors"], model, "other").Place);
        Assert.Contains(
            "no quantizer at none; it has six, other", Refused("alike.safetensors", model, "none").Message,
            StringComparison.Ordinal);
        using var cosine = new VqVae(Kinds["cosine"], seed: 1);
        Assert.Contains(
            "none of its quantizers is sure to fit the model (six, other)",
            Refused("alike.safetensors", cosine).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Misfits => new()
    {
        // The file, the model, what is said.
        { "vq", "vq_mapped", "project_in.weight is missing" },
        { "vq_mapped", "vq", "[1, 16, 4]; the model needs [16, 6]" },
        { "vq", "cosine", "do not have length 1" },
        { "cosine", "vq", "need a model with the quantizer cosine" },
        { "vq", "residual", "a depth of 1 in 1 groups; the model's has 3 in 1" },
        { "residual", "shared", "a depth of 3 in 1 groups; the model's has 2 in 1" },
        { "heads", "vq", "a depth of 1 in 2 groups; the model's has 1 in 1" },
        { "vq", "simvq", "no quantizer of vector-quantize-pytorch for a model with the quantizer simvq" },
        { "vq", "lfq", "for a model with the quantizer lfq" },
        { "lfq", "residual_lfq", "a depth of 1 in 1 groups; the model's has 2 in 1" },
        { "fsq", "lfq", "for a model with the quantizer lfq" },
        { "lfq", "fsq", "[4, 6]; the model needs [3, 6]" },
    };

    [Theory, MemberData(nameof(Misfits))]
    public void A_quantizer_that_does_not_fit_is_refused_and_changes_nothing(string file, string kind, string reason)
    {
        using var model = new VqVae(Kinds[kind], seed: 1);
        float[][] before = [.. model.State().Select(entry => entry.Tensor.ToArray())];
        var error = Assert.Throws<InputException>(() => QuantizerImport.Read(FileOf(file), model));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(FileOf(file), error.Message, StringComparison.Ordinal);
        Assert.Equal(before, model.State().Select(entry => entry.Tensor.ToArray()));
    }

    [Fact]
    public void What_would_change_the_meaning_of_codes_is_refused()
    {
        TensorEntry[] whole = Codebook(Codes, Dimensions);
        foreach ((TensorEntry[] tensors, string kind, string reason) in new (TensorEntry[], string, string)[]
        {
            (
                [.. whole, Entry("_codebook.batch_mean", new float[Dimensions], [1, 1, Dimensions])], "vq",
                "no place for the tensor _codebook.batch_mean"),
            (
                [.. whole, Entry("_codebook.initted", [0], [1])], "vq", "its codebook has not begun"),
            (
                [
                    .. whole[1..],
                    Entry("_codebook.embed", [.. Enumerable.Repeat(float.NaN, 96)], [1, Codes, Dimensions]),
                ],
                "vq", "not finite"),
            ([.. whole[1..], Entry("_codebook.embed", new float[96], [96])], "vq", "[96]; the model needs [16, 6]"),
            ([Entry("mask", new float[4], [4])], "lfq", "project_in.weight is missing"),
            (
                [Entry("layers.0._codebook.embed", new float[96], [1, Codes, Dimensions])], "vq",
                "_codebook.cluster_size is missing"),
        })
        {
            Write("file.safetensors", tensors);
            using var model = new VqVae(Kinds[kind], seed: 1);
            Assert.Contains(reason, Refused("file.safetensors", model).Message, StringComparison.Ordinal);
        }
        using var cosine = new VqVae(Kinds["cosine"] with { Cell = new CellOptions { Depth = 3 } }, seed: 1);
        Assert.Contains(
            "only models with a depth of 1", Refused(FileOf("residual"), cosine).Message, StringComparison.Ordinal);
        using var top = new VqVae(Kinds["vq"] with { Cell = new CellOptions { Top = true } }, seed: 1);
        Assert.Contains("two levels", Refused(FileOf("vq"), top).Message, StringComparison.Ordinal);
        using var halves = new VqVae(With(new FiniteScalarQuantizerOptions { Levels = [8, 5, 2] }, codes: 80));
        Assert.Contains(
            "3 or more levels a dimension", Refused(FileOf("fsq"), halves).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vq_mapped")]
    [InlineData("shared")]
    [InlineData("lfq")]
    public void Damaged_files_are_refused_in_one_line(string name)
    {
        using var model = new VqVae(Kinds[name], seed: 1);
        Damage.IsSurvived<InputException>(File.ReadAllBytes(FileOf(name)), "damaged", file =>
        {
            File.WriteAllBytes(_folder["damaged"], file);
            QuantizerImport.Read(_folder["damaged"], model);
        });
    }

    private InputException Refused(string file, VqVae model, string? at = null) =>
        Assert.Throws<InputException>(() => QuantizerImport.Read(Path.Combine(_folder.Path, file), model, at));

    private void Write(string name, TensorEntry[] tensors)
    {
        using FileStream stream = File.Create(_folder[name]);
        SafeTensors.Write(stream, tensors, new Dictionary<string, string>());
    }

    private static TensorEntry[] Codebook(int codes, int dimensions, string prefix = "") =>
    [
        Entry(prefix + "_codebook.embed", Ramp(codes * dimensions), [1, codes, dimensions]),
        Entry(prefix + "_codebook.embed_avg", Ramp(codes * dimensions), [1, codes, dimensions]),
        Entry(prefix + "_codebook.cluster_size", Ramp(codes), [1, codes]),
    ];

    private static float[] Ramp(int count) => [.. Enumerable.Range(1, count).Select(number => (float)number)];

    private static TensorEntry Entry(string name, float[] values, int[] shape) => new(name, shape, values);

    private static float[] Of(VqVae model, string name) =>
        model.State().Single(entry => entry.Name == $"_vq_vae.{name}").Tensor.ToArray();

    private static string FileOf(string name) => Repository.Fixture("pytorch", $"library_{name}.pt");

    private static VqVaeOptions With(
        QuantizerOptions quantizer, int lookup = 0, int groups = 1, int depth = 1, bool shared = false,
        int codes = Codes) => new()
        {
            Hidden = 4,
            ResidualHidden = 2,
            ResidualLayers = 1,
            Codes = codes,
            CodeDim = Dimensions,
            LookupDim = lookup,
            Quantizer = quantizer,
            Cell = new CellOptions { Groups = groups, Depth = depth, SharedCodebook = shared },
        };
}
