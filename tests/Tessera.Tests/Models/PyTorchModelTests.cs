using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.IO;

namespace Tessera.Tests.Models;

/// <summary>
/// Models that the seed's own PyTorch code made run here, and models that are made here run there: the same codes, and
/// reconstructions to 1e-4 (tests/fixtures/pytorch).
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
    public void A_model_of_PyTorch_gives_the_same_codes_and_reconstructions_here(string name)
    {
        TensorFile expected = SafeTensors.Read(Repository.Fixture("pytorch", $"{name}.safetensors"));
        (VqVae model, double? variance) = ModelFile.Read(Repository.Fixture("pytorch", $"{name}.pt"));
        Assert.Null(variance);
        Assert.Equal(name.EndsWith("_ema", StringComparison.Ordinal), model.Options.Quantizer is EmaVectorQuantizerOptions);

        (int[] codes, float[] reconstructions) = Run(model, expected["pictures"]);

        Assert.Equal(expected.Ints("codes").Values.ToArray(), codes);
        Assert.InRange(codes.Distinct().Count(), 5, model.Options.Codes);
        ReadOnlySpan<float> wanted = expected["reconstructions"].Values.Span;
        Assert.Equal(wanted.Length, reconstructions.Length);
        for (int i = 0; i < wanted.Length; i++)
            Assert.True(MathF.Abs(wanted[i] - reconstructions[i]) <= Tolerance, $"value {i} is {reconstructions[i]} instead of {wanted[i]}");
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void A_model_made_here_gives_the_same_codes_and_reconstructions_in_PyTorch(bool ema, bool larger, string name)
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
        TensorEntry pictures = SafeTensors.Read(Repository.Fixture("pytorch", "small.safetensors"))["pictures"];
        SpreadCodes(model, pictures);
        (int[] codes, float[] reconstructions) = Run(model, pictures);
        Assert.InRange(codes.Distinct().Count(), 5, options.Codes);
        ModelFile.Write(_folder[name], model, dataVariance: 0.0625);
        WriteExpected(_folder["expected.safetensors"], pictures, codes, reconstructions);

        string output = Python.Run(
            "torch, numpy", Repository.Fixture("pytorch", "make_fixtures.py"), "--load", _folder[name], _folder["expected.safetensors"]);

        Assert.StartsWith("the same codes; reconstructions to ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.pt")]
    [InlineData("model.PTH")]
    [InlineData("model.safetensors")]
    public void Every_kind_of_file_keeps_all_that_is_known_of_a_model(string name)
    {
        var model = new VqVae(new VqVaeOptions { Hidden = 4, ResidualHidden = 2, Codes = 5, CodeDim = 3, Quantizer = new EmaVectorQuantizerOptions { Commitment = 0.5f, Decay = 0.9 } });
        ModelFile.Write(_folder[name], model, 0.0625);
        Assert.Equal(name.Contains("safe", StringComparison.Ordinal), File.ReadAllBytes(_folder[name])[0] != 'P');
        (VqVae read, double? variance) = ModelFile.Read(_folder[name]);
        Assert.Equal((model.Options, 0.0625), (read.Options, variance));
        Assert.Equal(model.Options, ModelFile.ReadOptions(_folder[name]));
        Assert.Equal(model.State().SelectMany(entry => entry.Tensor.ToArray()), read.State().SelectMany(entry => entry.Tensor.ToArray()));
    }

    [Theory]
    [InlineData("evil.pt", "posix.system")]
    [InlineData("old.pt", "before 1.6")]
    [InlineData("kinds.pt", "_encoder._conv_1.weight is missing")]
    public void A_file_that_is_no_model_is_refused_by_name(string name, string reason)
    {
        string path = Repository.Fixture("pytorch", name);
        InputException e = Assert.Throws<InputException>(() => ModelFile.Read(path));
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    /// <summary>Moves each code to a vector of the encoder's, so that many are in use.</summary>
    private static void SpreadCodes(VqVae model, TensorEntry pictures)
    {
        float[] z = model.EncodeToVectors(Tensor.From(pictures.Values.Span, new Shape(pictures.Shape))).ToArray();
        int dim = model.Options.CodeDim, step = z.Length / dim / model.Options.Codes;
        model.Quantizer.Codebook.CopyFrom([.. Enumerable.Range(0, model.Options.Codes).SelectMany(code => z.AsSpan(code * step * dim, dim).ToArray())]);
    }

    private static (int[] Codes, float[] Reconstructions) Run(VqVae model, TensorEntry pictures)
    {
        using var tape = new Tape(model.Device, recording: false);
        VqVaeOutput output = model.Forward(tape.Input(pictures.Values.Span, new Shape(pictures.Shape)));
        return (output.Quantized.Codes, output.Reconstruction.ToArray());
    }

    /// <summary>As the fixtures' script reads it; codes are whole numbers in floats, which are exact far beyond their range.</summary>
    private static void WriteExpected(string path, TensorEntry pictures, int[] codes, float[] reconstructions) => SafeTensors.Write(
        path,
        [
            pictures, new TensorEntry("reconstructions", pictures.Shape, reconstructions),
            new TensorEntry(
                "codes", [pictures.Shape[0], pictures.Shape[1] / 4, pictures.Shape[2] / 4], Array.ConvertAll(codes, code => (float)code)),
        ],
        new Dictionary<string, string> { ["made"] = "here" });
}
