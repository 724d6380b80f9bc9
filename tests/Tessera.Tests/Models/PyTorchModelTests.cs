using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.IO;
using Tessera.Tests.Quantization;

namespace Tessera.Tests.Models;

/// <summary>
/// Models from the reference notebook's code run here, and models from here run in PyTorch, with the same codes and
/// with reconstructions within 1e-4 (tests/fixtures/pytorch).
/// </summary>
public sealed class PyTorchModelTests : IDisposable
{
    private const float Tolerance = 1e-4f;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Models => ["small", "small_ema", "larger", "larger_ema"];

    public static TheoryData<bool, bool, string> Written => new()
    {
        { false, false, "model.pt" }, { true, false, "model.pt" }, { false, false, "model.safetensors" },
        { true, false, "model.safetensors" }, { false, true, "model.safetensors" }, { true, true, "model.pt" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_from_PyTorch_gives_the_same_codes_and_reconstructions_here(string name)
    {
        TensorFile expected = SafeTensors.Read(Repository.Fixture("pytorch", $"{name}.safetensors"));
        (VqVae model, double? variance) = ModelFile.Read(Repository.Fixture("pytorch", $"{name}.pt"));
        Assert.Null(variance);
        Assert.Equal(
            name.EndsWith("_ema", StringComparison.Ordinal),
            model.Options.Quantizer is EmaVectorQuantizerOptions);

        (int[] codes, float[] reconstructions) = Run(model, expected["pictures"]);

        Assert.Equal(expected.Ints("codes").Values.ToArray(), codes);
        Assert.InRange(codes.Distinct().Count(), 5, model.Options.Codes);
        ReadOnlySpan<float> wanted = expected["reconstructions"].Values.Span;
        Assert.Equal(wanted.Length, reconstructions.Length);
        for (int i = 0; i < wanted.Length; i++)
            Assert.True(
                MathF.Abs(wanted[i] - reconstructions[i]) <= Tolerance,
                $"value {i} is {reconstructions[i]} instead of {wanted[i]}");
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void A_model_from_here_gives_the_same_codes_and_reconstructions_in_PyTorch(
        bool ema, bool larger, string name)
    {
        var options = new VqVaeOptions
        {
            Hidden = larger ? 32 : 12,
            ResidualHidden = larger ? 16 : 5,
            ResidualLayers = larger ? 3 : 2,
            Codes = larger ? 40 : 24,
            CodeDim = larger ? 16 : 6,
            Quantizer = ema ? new EmaVectorQuantizerOptions { Decay = 0.95 } : new VectorQuantizerOptions(),
        };
        var model = new VqVae(options, seed: 11);
        TensorEntry images = SafeTensors.Read(Repository.Fixture("pytorch", "small.safetensors"))["pictures"];
        SpreadCodes(model, images);
        (int[] codes, float[] reconstructions) = Run(model, images);
        Assert.InRange(codes.Distinct().Count(), 5, options.Codes);
        ModelFile.Write(_folder[name], model, dataVariance: 0.0625);
        WriteExpected(_folder["expected.safetensors"], images, codes, reconstructions);

        string output = Python.Run(
            "torch, numpy", Repository.Fixture("pytorch", "make_fixtures.py"), "--load",
            _folder[name], _folder["expected.safetensors"]);

        Assert.StartsWith("the same codes; reconstructions to ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.pt")]
    [InlineData("model.PTH")]
    [InlineData("model.safetensors")]
    public void Every_file_format_keeps_the_whole_model(string name)
    {
        var model = new VqVae(new VqVaeOptions
        {
            Hidden = 4,
            ResidualHidden = 2,
            Codes = 5,
            CodeDim = 3,
            Quantizer = new EmaVectorQuantizerOptions { Commitment = 0.5f, Decay = 0.9 },
        });
        ModelFile.Write(_folder[name], model, 0.0625);
        Assert.Equal(name.Contains("safe", StringComparison.Ordinal), File.ReadAllBytes(_folder[name])[0] != 'P');
        (VqVae read, double? variance) = ModelFile.Read(_folder[name]);
        Assert.Equal((model.Options, 0.0625), (read.Options, variance));
        Assert.Equal(model.Options, ModelFile.ReadOptions(_folder[name]));
        Assert.Equal(
            model.State().SelectMany(entry => entry.Tensor.ToArray()),
            read.State().SelectMany(entry => entry.Tensor.ToArray()));
    }

    [Theory]
    [InlineData("evil.pt", "posix.system")]
    [InlineData("old.pt", "_encoder._conv_1.weight is missing")]
    [InlineData("nested.pt", "(key model): the tensor _encoder._conv_1.weight is missing")]
    [InlineData("module.pt", "it holds seed_model.Model, which is refused and was not run")]
    [InlineData("partly_prefixed.pt", "the tensor module._encoder._conv_1.bias is missing")]
    [InlineData("checkpoint.pt", "several of its dicts hold a model (model, ema); choose one by its key")]
    [InlineData("kinds.pt", "_encoder._conv_1.weight is missing")]
    public void A_file_that_is_no_model_is_refused_by_name(string name, string reason)
    {
        string path = Repository.Fixture("pytorch", name);
        InputException e = Assert.Throws<InputException>(() => ModelFile.Read(path));
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("small_old.pt", ".", "")]
    [InlineData("small_module.pt", ".", "module.")]
    [InlineData("small_orig_mod.pt", ".", "_orig_mod.")]
    [InlineData("small_both.pt", ".", "module._orig_mod.")]
    [InlineData("small_both_other.pt", ".", "_orig_mod.module.")]
    [InlineData("small_wrapped.pt", "model_state_dict", "module.")]
    [InlineData("small_wrapped_old.pt", "trainer.net.state_dict", "")]
    [InlineData("small_extra.pt", ".", "", "_decoder.extra.weight", "num_batches_tracked")]
    public void A_state_dict_is_found_in_all_usual_forms(
        string name, string key, string prefix, params string[] leftOut)
    {
        StoredModel stored = ModelFile.Read(Repository.Fixture("pytorch", name));
        Assert.Equal((key, prefix), (stored.Origin.Key, stored.Origin.Prefix));
        Assert.Equal(leftOut, stored.Origin.LeftOut);
        AssertSame(ModelFile.Read(Repository.Fixture("pytorch", "small.pt")).Model, stored.Model, factor: 1);
        AssertSame(stored.Model, ModelFile.Read(Repository.Fixture("pytorch", name), key: key).Model, factor: 1);
    }

    [Theory]
    [InlineData("model", 1)]
    [InlineData("ema", 0.5f)]
    public void The_key_chooses_where_several_dicts_fit(string key, float factor)
    {
        StoredModel stored = ModelFile.Read(Repository.Fixture("pytorch", "checkpoint.pt"), key: key);
        Assert.Equal(key, stored.Origin.Key);
        AssertSame(ModelFile.Read(Repository.Fixture("pytorch", "small.pt")).Model, stored.Model, factor);
    }

    [Theory]
    [InlineData("checkpoint.pt", "has no dict of tensors under the key net; it has model, ema")]
    [InlineData("small_wrapped.pt", "has no dict of tensors under the key net; it has model_state_dict")]
    [InlineData("small.pt", "is one state dict: it has no key net; leave the key out")]
    public void An_unknown_key_is_refused_with_the_known_ones(string name, string reason)
    {
        string path = Repository.Fixture("pytorch", name);
        Assert.Equal($"{path} {reason}", Assert.Throws<InputException>(() => ModelFile.Read(path, key: "net")).Message);
    }

    [Fact]
    public void The_only_complete_dict_is_chosen()
    {
        StoredModel small = ModelFile.Read(Repository.Fixture("pytorch", "small.pt"));
        Dictionary<string, object?> whole = StateDict(small.Model), part = StateDict(small.Model);
        part.Remove("_decoder._conv_1.weight");
        var file = new Dictionary<string, object?> { ["part"] = part, ["whole"] = whole, ["again"] = whole };
        File.WriteAllBytes(_folder["model.pt"], TorchSave.Zip(file));
        Assert.Equal("whole", ModelFile.Read(_folder["model.pt"]).Origin.Key);
        Assert.Equal("again", ModelFile.Read(_folder["model.pt"], key: "again").Origin.Key);

        InputException e = Assert.Throws<InputException>(() => ModelFile.Read(_folder["model.pt"], key: "part"));
        Assert.Contains(
            "(key part): the tensor _decoder._conv_1.weight is missing", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_needed_tensor_that_a_foreign_call_builds_is_refused()
    {
        Dictionary<string, object?> dict = StateDict(ModelFile.Read(Repository.Fixture("pytorch", "small.pt")).Model);
        dict["_pre_vq_conv.weight"] = new TorchObject("posix", "system", [$"touch {_folder["touched"]}"]);
        File.WriteAllBytes(_folder["model.pt"], TorchSave.Zip(new Dictionary<string, object?> { ["model"] = dict }));
        InputException e = Assert.Throws<InputException>(() => ModelFile.Read(_folder["model.pt"]));
        Assert.Contains(
            "the tensor _pre_vq_conv.weight needs posix.system, which is refused and was not run; save",
            e.Message, StringComparison.Ordinal);
        Assert.Equal(["model.pt"], _folder.Names);
    }

    private static Dictionary<string, object?> StateDict(VqVae model) => model.State().ToDictionary(
        entry => entry.Name, entry => (object?)new TorchTensor(entry.Tensor.ToArray(), entry.Tensor.Shape.ToArray()));

    private static void AssertSame(VqVae expected, VqVae actual, float factor) => Assert.Equal(
        expected.State().Select(
            entry => (entry.Name, string.Join(' ', entry.Tensor.ToArray().Select(value => value * factor)))),
        actual.State().Select(entry => (entry.Name, string.Join(' ', entry.Tensor.ToArray()))));

    /// <summary>Moves each code onto an encoder output, so that many codes are used.</summary>
    private static void SpreadCodes(VqVae model, TensorEntry images)
    {
        float[] z = model.EncodeToVectors(Tensor.From(images.Values.Span, new Shape(images.Shape))).ToArray();
        int dim = model.Options.CodeDim, step = z.Length / dim / model.Options.Codes;
        IEnumerable<float[]> vectors =
            Enumerable.Range(0, model.Options.Codes).Select(code => z.AsSpan(code * step * dim, dim).ToArray());
        model.Quantizer.Table().CopyFrom([.. vectors.SelectMany(vector => vector)]);
    }

    private static (int[] Codes, float[] Reconstructions) Run(VqVae model, TensorEntry images)
    {
        using var tape = new Tape(model.Device, recording: false);
        VqVaeOutput output = model.Forward(tape.Input(images.Values.Span, new Shape(images.Shape)));
        return (output.Quantized.Codes.ToArray(), output.Reconstruction.ToArray());
    }

    /// <summary>
    /// Writes a file in the form that the fixtures' script reads; codes are stored as floats, which hold them exactly.
    /// </summary>
    private static void WriteExpected(
        string path, TensorEntry images, int[] codes, float[] reconstructions) => SafeTensors.Write(
        path,
        [
            images, new TensorEntry("reconstructions", images.Shape, reconstructions),
            new TensorEntry(
                "codes", [images.Shape[0], images.Shape[1] / 4, images.Shape[2] / 4],
                Array.ConvertAll(codes, code => (float)code)),
        ],
        new Dictionary<string, string> { ["made"] = "here" });
}
