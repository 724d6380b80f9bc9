using Tessera.Models;
using Tessera.Training;

namespace Tessera.Cli.Tests;

/// <summary>PyTorch and numpy files as they are saved in practice, read by the program.</summary>
public sealed class StoredFileTests(Trained trained) : IDisposable
{
    private static readonly string Checkpoint = Fixture("checkpoint.pt"), Extra = Fixture("small_extra.pt");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("small_wrapped.pt", @"(?m)^read from the key +model_state_dict\nprefix removed +module\.\n")]
    [InlineData("small_wrapped_old.pt", @"(?m)^read from the key +trainer\.net\.state_dict\nupdates ")]
    [InlineData("small_both_other.pt", @"(?m)^file .*\nprefix removed +_orig_mod\.module\.\nupdates ")]
    [InlineData("small_old.pt", @"(?m)^file .*\nupdates ")]
    public void Info_shows_the_key_and_the_prefix(string name, string lines) =>
        Assert.Matches(lines, Program.Succeed("info", Fixture(name)).ReplaceLineEndings("\n"));

    [Fact]
    public void Control_characters_of_a_file_are_shown_by_their_codes()
    {
        VqVae model = ModelFile.Read(Fixture("small.pt")).Model;
        Dictionary<string, object?> state = model.State().ToDictionary(
            entry => $"net\u001b[2J.{entry.Name}",
            entry => (object?)new TorchTensor(entry.Tensor.ToArray(), entry.Tensor.Shape.ToArray()));
        var file = new Dictionary<string, object?> { ["a\u001b"] = state, ["b"] = state.ToDictionary() };
        File.WriteAllBytes(_folder["model.pt"], TorchSave.Zip(file));

        Assert.Contains(@"hold a model (a\u001b, b); choose", Program.Refuse("info", _folder["model.pt"]),
            StringComparison.Ordinal);
        Assert.Matches(
            @"(?m)^read from the key +a\\u001b\nprefix removed +net\\u001b\[2J\.\n",
            Program.Succeed("info", _folder["model.pt"], "--key", @"a\u001b").ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Every_command_names_the_left_out_tensors_in_one_line()
    {
        string tokens = _folder["tokens.npy"];
        foreach (string[] args in Commands(Extra, tokens))
        {
            Outcome outcome = Program.Run(args);
            Assert.True(outcome.Code == 0, $"{args[0]}: exit code {outcome.Code}: {outcome.Error}");
            Assert.Equal(
                $"{Extra}: left out 2 tensors that the model has no place for: "
                + "_decoder.extra.weight, num_batches_tracked\n",
                outcome.Error.ReplaceLineEndings("\n"));
        }
        Program.Succeed("convert", Fixture("small.pt"), _folder["plain.safetensors"]);
        Assert.Equal(
            File.ReadAllBytes(_folder["plain.safetensors"]), File.ReadAllBytes(_folder["converted.safetensors"]));
    }

    [Fact]
    public void Every_command_asks_for_a_key_and_reads_that_model()
    {
        string tokens = _folder["tokens.npy"];
        foreach (string[] args in Commands(Checkpoint, tokens))
        {
            Assert.Equal(
                $"{Checkpoint}: several of its dicts hold a model (model, ema); choose one by its key (--key NAME)",
                Program.Refuse(args));
            Assert.Equal(
                $"{Checkpoint} has no dict of tensors under the key net; it has model, ema (--key NAME)",
                Program.Refuse([.. args, "--key", "net"]));
            Program.Succeed([.. args, "--key", "ema"]);
        }
        Assert.Equal(
            0.5f * First(ModelFile.Read(Fixture("small.pt")).Model),
            First(ModelFile.Read(_folder["converted.safetensors"]).Model));
        Assert.Equal("ema", TrainedModel.Open(_folder["run"]).Options!.InitKey);
        Assert.Matches(
            $@"(?m)^started from +{System.Text.RegularExpressions.Regex.Escape(Checkpoint)}, key ema$",
            Program.Succeed("info", _folder["run"]));
    }

    [Fact]
    public void A_key_for_a_file_without_keys_is_refused()
    {
        Assert.Contains(
            "it has no key ema; leave the key out (--key ema)",
            Program.Refuse("info", Fixture("small.pt"), "--key", "ema"), StringComparison.Ordinal);
        Assert.Contains(
            "it has no key ema", Program.Refuse("info", trained.Run, "--key", "ema"), StringComparison.Ordinal);
        Assert.Equal(
            "--key names a state dict in the file of --init; give that too, or leave --key out",
            Program.Refuse("train", "--key", "ema", "--out", _folder["run"]));
        Assert.Equal(
            $"--key: the run in {trained.Run} began with random weights; leave the option out",
            Program.Refuse("train", "--resume", "--key", "ema", "--out", trained.Run));
        Assert.Contains(
            "--key: its value is empty", Program.Refuse("info", Checkpoint, "--key", ""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fortran.npy", "2 images of 12x16")]
    [InlineData("big_endian.npy", "2 images of 12x16")]
    [InlineData("fortran_big_endian.npz", "2 images of 12x16")]
    [InlineData("one_picture.npy", "1 image of 12x16")]
    public void Numpy_codes_in_any_byte_or_memory_order_are_decoded_alike(string name, string line)
    {
        WriteModel();
        Assert.Contains(
            line,
            Program.Succeed("decode", _folder["model.pt"], Repository.Fixture("npy", name), "--out", _folder["a"]),
            StringComparison.Ordinal);
        Program.Succeed("decode", _folder["model.pt"], Repository.Fixture("npy", "uint16.npy"), "--out", _folder["b"]);
        string[] images = [.. Directory.EnumerateFiles(_folder["a"]).Select(path => Path.GetFileName(path))];
        Assert.NotEmpty(images);
        Assert.All(
            images,
            image => Assert.Equal(
                File.ReadAllBytes(_folder["b", image]), File.ReadAllBytes(_folder["a", image])));
    }

    /// <summary>The inputs in <c>shared/cases</c>, if that folder lies beside the repository.</summary>
    [Fact]
    public void The_cases_beside_the_checkout_are_read_or_refused_in_one_line()
    {
        string cases = Repository.PathOf("..", "shared", "cases");
        if (!Directory.Exists(cases)) Assert.Skip($"There is no folder {Path.GetFullPath(cases)}.");
        string[] models =
        [
            "plain", "bf16", "old_format", "module_prefix", "orig_mod_prefix", "both_prefix", "wrapped_model",
            "wrapped_state_dict",
        ];
        foreach (string name in models)
        {
            string model = Path.Combine(cases, name, "model.pt");
            Assert.Contains("32 codes of 8 dimensions", Program.Succeed("info", model), StringComparison.Ordinal);
            Program.Succeed("convert", model, _folder[$"{name}.safetensors"]);
            if (name == "bf16") continue;
            Assert.Equal(
                File.ReadAllBytes(_folder["plain.safetensors"]), File.ReadAllBytes(_folder[$"{name}.safetensors"]));
        }
        Outcome extra = Program.Run(
            "convert", Path.Combine(cases, "extra_keys", "model.pt"), _folder["extra.safetensors"]);
        Assert.Contains("left out 2 tensors", extra.Error, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(_folder["plain.safetensors"]), File.ReadAllBytes(_folder["extra.safetensors"]));

        WriteModel();
        foreach (string path in Directory.EnumerateFiles(Path.Combine(cases, "tokens")))
        {
            string name = Path.GetFileName(path);
            string[] args = ["decode", _folder["model.pt"], path, "--out", _folder["decoded", name]];
            string? reason = name switch
            {
                "empty.npy" => "it holds no codes",
                "float.npy" => "'<f4'",
                "flat.npy" => "looks like flattened codes",
                _ => null,
            };
            if (reason is null) Program.Succeed(args);
            else Assert.Contains(reason, Program.Refuse(args), StringComparison.Ordinal);
        }
    }

    private static string Fixture(string name) => Repository.Fixture("pytorch", name);

    private static float First(VqVae model) => model.Parameters().First().Tensor.ToArray()[0];

    private void WriteModel() => ModelFile.Write(
        _folder["model.pt"], new VqVae(new VqVaeOptions { Hidden = 4, ResidualHidden = 2, Codes = 512, CodeDim = 3 }),
        dataVariance: null);

    /// <summary>Every command that takes a model; encode comes before decode, which reads its output.</summary>
    private IEnumerable<string[]> Commands(string model, string tokens)
    {
        string[] data = ["--data", trained.Images, "--size", "16"];
        return
        [
            ["info", model],
            ["convert", model, _folder["converted.safetensors"]],
            ["export", model, "--onnx", _folder["onnx"]],
            ["eval", model, .. data],
            ["reconstruct", model, .. data, "--out", _folder["grid.png"]],
            ["report", model, .. data, "--out", _folder["report"]],
            ["encode", model, .. data, "--out", tokens],
            ["decode", model, tokens, "--out", _folder["decoded.png"]],
            [
                "train", "--init", model, .. data, "--batch", "2", "--updates", "1", "--out", _folder["run"],
                Program.NoReport,
            ],
        ];
    }
}
