using System.Text.Json;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Training;

namespace Tessera.Cli.Tests;

/// <summary><c>tessera convert</c>, and PyTorch models in every command that takes a model.</summary>
public sealed class ConvertTests(Trained trained) : IDisposable
{
    private static readonly string Small = Repository.Fixture("pytorch", "small.pt");
    private static readonly string SmallEma = Repository.Fixture("pytorch", "small_ema.pt");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_converts_to_PyTorch_and_back_unchanged()
    {
        Program.Succeed("convert", trained.Run, _folder["model.pt"]);
        string output = Program.Succeed("convert", _folder["model.pt"], _folder["model.safetensors"]);
        Assert.Matches(
            @"model\.safetensors: \d+ parameters, 16 codes of 4 dimensions, running averages \(decay 0.97\)\n$",
            output);
        Assert.Equal(File.ReadAllBytes(trained.Model), File.ReadAllBytes(_folder["model.safetensors"]));
    }

    [Fact]
    public void Half_weights_take_half_the_space_and_reconstruct_alike()
    {
        Program.Succeed("convert", trained.Run, _folder["half.safetensors"], "--half");
        long full = new FileInfo(trained.Model).Length, half = new FileInfo(_folder["half.safetensors"]).Length;
        Assert.InRange((double)half / full, 0.4, 0.75);
        string[] data = ["--data", trained.Images, "--size", "16", "--split", "all", "--json"];
        Assert.Equal(Mse(trained.Model), Mse(_folder["half.safetensors"]), 1e-4);
        Assert.Contains(
            "only safetensors files", Program.Refuse("convert", trained.Run, _folder["half.pt"], "--half"),
            StringComparison.Ordinal);

        double Mse(string model)
        {
            string line = Program.Succeed(["eval", model, .. data]);
            return JsonDocument.Parse(line).RootElement.GetProperty("mse").GetDouble();
        }
    }

    [Fact]
    public void Every_command_that_takes_a_model_takes_a_PyTorch_model()
    {
        Assert.Contains(
            "16 codes of 4 dimensions, trained by gradients", Program.Succeed("info", Small), StringComparison.Ordinal);
        string[] data = ["--data", trained.Images, "--size", "16"];
        Assert.Contains("codes used", Program.Succeed(["eval", SmallEma, .. data]), StringComparison.Ordinal);
        Program.Succeed(["reconstruct", Small, .. data, "--out", _folder["grid.png"]]);
        Program.Succeed(["encode", Small, .. data, "--out", _folder["tokens.npy"]]);
        Program.Succeed("decode", Small, _folder["tokens.npy"], "--out", _folder["decoded"]);
        Assert.Equal(["decoded", "grid.png", "tokens.npy"], _folder.Names);
    }

    /// <summary>Both models differ in size from the default preset, which has running averages.</summary>
    [Theory]
    [InlineData("small.pt", false)]
    [InlineData("larger_ema.pt", true)]
    public void Training_starts_from_a_PyTorch_model_with_its_sizes(string name, bool ema)
    {
        string init = Repository.Fixture("pytorch", name);
        Program.Succeed(
            "train", "--data", trained.Images, "--size", "16", "--batch", "2", "--updates", "1", "--lr", "1e-12",
            "--init", init, "--out", _folder["run"], Program.NoReport);
        VqVae before = ModelFile.Read(init).Model, after = TrainedModel.Open(_folder["run"]).Model;
        Assert.Equal(ema, after.Options.Quantizer is EmaVectorQuantizerOptions);
        Assert.Equal(before.Options.Hidden, after.Options.Hidden);
        (string Key, float Value)[] First(VqVae model) =>
            [.. model.Parameters().Select(entry => (entry.Name, entry.Tensor.ToArray()[0]))];
        Assert.All(
            First(before).Zip(First(after)), pair => Assert.Equal(pair.First.Value, pair.Second.Value, 1e-6f));
    }

    [Fact]
    public void A_size_option_that_differs_from_the_weights_is_refused() => Assert.Contains(
        "_encoder._conv_1.weight", Program.Refuse(
            "train", "--data", trained.Images, "--size", "16", "--init", Small, "--hidden", "32",
            "--out", _folder["run"], Program.NoReport),
        StringComparison.Ordinal);

    /// <summary>The codebook of a quantizer of vector-quantize-pytorch in a model of the same kind.</summary>
    [Fact]
    public void A_codebook_of_a_state_dict_replaces_the_model_s()
    {
        string codebook = Repository.Fixture("pytorch", "library_vq_mapped.pt"), run = _folder["run"];
        Program.Succeed(
            "train", "--data", trained.Images, "--size", "16", "--batch", "2", "--updates", "1", "--hidden", "4",
            "--residual-hidden", "2", "--codes", "16", "--code-dim", "6", "--lookup-dim", "4", "--revival", "0",
            "--codebook-start", "random", "--out", run, Program.NoReport);
        string output = Program.Succeed(
            "convert", run, _folder["new.safetensors"], "--codebook", codebook, "--codebook-at", "model.vq");
        Assert.Contains("the quantizer at model.vq\n", output, StringComparison.Ordinal);
        using var before = TrainedModel.Open(run);
        using var after = TrainedModel.Open(_folder["new.safetensors"]);
        using Tensor old = before.Model.Quantizer.CopyCodebook(), replaced = after.Model.Quantizer.CopyCodebook();
        Assert.NotEqual(old.ToArray(), replaced.ToArray());
        Assert.Equal(before.DataVariance, after.DataVariance);
        Assert.Contains("16 codes", Program.Succeed("info", _folder["new.safetensors"]), StringComparison.Ordinal);

        File.Delete(_folder["new.safetensors"]);
        foreach ((string[] args, string reason) in new (string[], string)[]
        {
            (
                ["--codebook", codebook, "--codebook-at", "vq"],
                "no quantizer at vq; it has model.vq (--codebook-at PLACE)"),
            (["--codebook-at", "vq"], "--codebook-at names a place in the file of --codebook"),
            (["--codebook", Repository.Fixture("pytorch", "library_vq.pt")], "project_in.weight is missing"),
            (["--codebook", Small], "it holds no quantizer of vector-quantize-pytorch"),
            (["--codebook", _folder["none.pt"]], "none.pt"),
        })
        {
            Assert.Contains(
                reason, Program.Refuse(["convert", run, _folder["new.safetensors"], .. args]),
                StringComparison.Ordinal);
            Assert.False(File.Exists(_folder["new.safetensors"]), $"{reason}: a file was written");
        }
    }

    [Fact]
    public void A_conversion_that_is_impossible_is_refused_and_nothing_is_written()
    {
        foreach ((string[] args, string reason) in new (string[], string)[]
        {
            ([trained.Run, _folder["model.onnx"]], ".safetensors or .pt or .pth"),
            ([trained.Run, _folder["no", "model.pt"]], "folder"),
            (
                [Repository.Fixture("pytorch", "evil.pt"), _folder["model.pt"]],
                "posix.system, which is refused and was not run"),
            ([Repository.Fixture("pytorch", "module.pt"), _folder["model.pt"]], "seed_model.Model"),
            ([Repository.Fixture("pytorch", "old.pt"), _folder["model.pt"]], "_encoder._conv_1.weight is missing"),
            ([Repository.Fixture("pytorch", "kinds.pt"), _folder["model.pt"]], "missing"),
            ([_folder["none.pt"], _folder["model.pt"]], "none.pt"),
            ([trained.Run], "FILE"),
        })
        {
            Assert.Contains(reason, Program.Refuse(["convert", .. args]), StringComparison.Ordinal);
            Assert.Empty(_folder.Names);
        }
    }
}
