using System.Text.Json;
using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors.IO;
using Tessera.Training;

namespace Tessera.Cli.Tests;

/// <summary>Quantizers and several codes a cell, through every command.</summary>
public sealed class QuantizerTests(Trained trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("fsq")]
    [InlineData("lfq")]
    [InlineData("bsq")]
    [InlineData("gumbel")]
    public void Every_command_takes_a_quantizer(string kind)
    {
        Train("--quantizer", kind, "--codes", "16");
        string info = Program.Succeed("info", Run);
        Assert.Contains(QuantizerOptions.Find(kind).Summary, info, StringComparison.Ordinal);
        AssertWorks([Trained.TrainCount + Trained.TestCount, 4, 4]);
    }

    [Theory]
    [InlineData("ema", "2", "1", "level 2", "4 dimensions")]
    [InlineData("fsq", "2", "1", "level 2", "2 dimensions, mapped to 4")]
    [InlineData("simvq", "2", "2", "group 2, level 2", "2 dimensions")]
    public void Every_command_takes_several_codes_a_cell(
        string kind, string depth, string groups, string last, string dimensions)
    {
        Train("--quantizer", kind, "--codes", "16", "--depth", depth, "--groups", groups);
        int perCell = int.Parse(depth) * int.Parse(groups);
        Assert.Contains(
            $"{perCell} codes a cell, each of 16 codes of {dimensions}, ", Program.Succeed("info", Run));
        AssertWorks([Trained.TrainCount + Trained.TestCount, 4, 4, perCell]);

        Assert.Matches($@"(?m)^{last} +perplexity .*, codes used \d+$", Program.Succeed("eval", Run));
        using JsonDocument json = JsonDocument.Parse(Program.Succeed("eval", Run, "--json"));
        Assert.Equal(perCell, json.RootElement.GetProperty("levels").GetArrayLength());
        Assert.Equal(last, json.RootElement.GetProperty("levels")[perCell - 1].GetProperty("name").GetString());
        Assert.Equal(16 * perCell, json.RootElement.GetProperty("codes").GetInt32());
        Assert.True(json.RootElement.GetProperty("joint_codes_used").GetInt32() > 0);
    }

    [Fact]
    public void Options_reach_the_run()
    {
        Train("--quantizer", "fsq", "--levels", "4,3", "--codes", "12");
        Assert.Equal(
            new FiniteScalarQuantizerOptions { Levels = [4, 3] }, Options.Quantizer);
        Assert.Equal(12, Options.Codes);
        AssertInfo("levels +4, 3");
        Train(
            "--quantizer", "lfq", "--codes", "8", "--entropy", "0.2", "--diversity", "3", "--commitment", "0.5",
            "--depth", "3", "--level-dropout", "0.25");
        Assert.Equal(
            new LookupFreeQuantizerOptions { Entropy = 0.2f, Diversity = 3, Commitment = 0.5f }, Options.Quantizer);
        Assert.Equal(new CellOptions { Depth = 3, LevelDropout = 0.25f }, Options.Cell);
        AssertInfo(
            "cell +1 x 3 codes: groups x levels, level dropout 0.25", "commitment +0.5", "entropy +0.2, diversity 3");
        Train(
            "--quantizer", "gumbel", "--codes", "8", "--temperature", "2", "--last-temperature", "0.5",
            "--temperature-updates", "9", "--divergence", "0.1");
        Assert.Equal(
            new GumbelQuantizerOptions
            {
                Temperature = 2,
                LastTemperature = 0.5f,
                TemperatureUpdates = 9,
                Divergence = 0.1f,
            },
            Options.Quantizer);
        AssertInfo("temperature +2 to 0.5 in 9 updates", "divergence +0.1");
        Train("--quantizer", "bsq", "--codes", "8", "--temperature", "0.2", "--groups", "2");
        Assert.Equal(new BinarySphericalQuantizerOptions { Temperature = 0.2f }, Options.Quantizer);
        AssertInfo("entropy +0.05, diversity 1, temperature 0.2");
        Train(
            "--quantizer", "simvq", "--codes", "8", "--entropy", "0.1", "--temperature", "0.3", "--orthogonality", "2",
            "--depth", "2", "--shared-codebook", "on");
        var sim = Assert.IsType<SimVectorQuantizerOptions>(Options.Quantizer);
        Assert.Equal((0.1f, 0.3f, 2f), (sim.Entropy, sim.Temperature, sim.Orthogonality));
        Assert.True(Options.Cell.SharedCodebook);
        AssertInfo(
            "cell +1 x 2 codes: groups x levels, one codebook for all levels", "commitment +[0-9.]+",
            "entropy +0.1, diversity 1, temperature 0.3", "orthogonality +2", "code gradient +straight-through",
            "codebook start +[a-z]+");
        Train(
            "--codes", "8", "--decay", "0.9", "--decay-ramp", "on", "--revival", "0.25", "--codebook-start", "kmeans",
            "--gradient", "rotation", "--ema-smoothing", "copy");
        AssertInfo(
            "codebook start +kmeans", "code gradient +rotation",
            "running averages +decay 0.9 after a ramp, revival 0.25, start [a-z]+, smoothing copy");
        Train("--quantizer", "cosine", "--codes", "8", "--decay", "0.8", "--decay-ramp", "off", "--revival", "0");
        AssertInfo("running averages +decay 0.8, revival off");

        void AssertInfo(params string[] rows)
        {
            string info = Program.Succeed("info", Run);
            Assert.All(rows, row => Assert.Matches($"(?m)^{row}$", info));
        }
    }

    /// <summary>The run has 4 updates.</summary>
    [Fact]
    public void The_temperature_of_gumbel_falls_in_half_of_a_run()
    {
        Train("--quantizer", "gumbel", "--codes", "8");
        Assert.Equal(new GumbelQuantizerOptions { TemperatureUpdates = 2 }, Options.Quantizer);
        // The command again, longer: the fall stays what it was.
        Program.Succeed(Program.TinyTraining(
            trained.Images, Run, "--resume", "--preset", "default", "--quantizer", "gumbel", "--codes", "8",
            "--updates", "40"));
        Assert.Equal(new GumbelQuantizerOptions { TemperatureUpdates = 2 }, Options.Quantizer);
    }

    [Fact]
    public void Cosine_has_a_commitment_cost_of_its_own()
    {
        Train("--quantizer", "cosine", "--codes", "8");
        Assert.Equal(16, ((CosineVectorQuantizerOptions)Options.Quantizer).Commitment);
        Train("--quantizer", "cosine", "--codes", "8", "--commitment", "2");
        Assert.Equal(2, ((CosineVectorQuantizerOptions)Options.Quantizer).Commitment);
    }

    [Theory]
    [InlineData("--levels must be at most 20 numbers from 2 to 64", "--quantizer", "fsq", "--levels", "0,8")]
    [InlineData("--levels needs --quantizer fsq, not ema", "--levels", "8,8")]
    [InlineData("--levels 8,x: give whole numbers with commas", "--quantizer", "fsq", "--levels", "8,x")]
    [InlineData("--codes must be a power of two", "--quantizer", "lfq", "--codes", "500")]
    [InlineData("--commitment needs --quantizer", "--quantizer", "fsq", "--commitment", "1")]
    [InlineData("--gradient needs --quantizer", "--quantizer", "lfq", "--gradient", "rotation")]
    [InlineData("--codebook-start needs --quantizer", "--quantizer", "bsq", "--codebook-start", "kmeans")]
    [InlineData("--entropy needs --quantizer", "--quantizer", "fsq", "--entropy", "1")]
    [InlineData("--divergence needs --quantizer gumbel", "--divergence", "1")]
    [InlineData("--orthogonality must be a number of at least 0", "--orthogonality", "1")]
    [InlineData("--depth must be 1 with the quantizer gumbel", "--quantizer", "gumbel", "--depth", "2")]
    [InlineData("--groups must divide the 16 dimensions of the vectors; 3 does not", "--groups", "3")]
    [InlineData("--shared-codebook needs a quantizer with a codebook", "--shared-codebook", "on")]
    [InlineData("--level-dropout needs a depth of 2 or more", "--level-dropout", "0.5")]
    [InlineData("--level-dropout must be 0 (off) to 1, not 1.5", "--depth", "2", "--level-dropout", "1.5")]
    [InlineData(
        "--levels 8,8 gives 64 codes, not 512", "--quantizer", "fsq", "--codes", "512", "--levels", "8,8")]
    [InlineData(
        "--temperature must be a number above 0, not 0", "--quantizer", "gradient", "--entropy", "1",
        "--temperature", "0")]
    [InlineData(
        "--shared-codebook must be off with cosine", "--quantizer", "cosine", "--depth", "2",
        "--shared-codebook", "on")]
    [InlineData("--lookup-dim must be 0", "--quantizer", "fsq", "--lookup-dim", "4")]
    [InlineData(
        "k-means starts a codebook of at most 16384 codes, not 20000; start it at random (--codebook-start random)",
        "--codes", "20000")]
    [InlineData(
        "smoothing that changes the running sizes changes those of a level that is left out, too; smooth a copy, or "
            + "leave no level out (--ema-smoothing copy)",
        "--ema-smoothing", "kept", "--depth", "2", "--level-dropout", "0.5")]
    public void What_does_not_fit_together_is_refused(string line, params string[] options) =>
        Assert.StartsWith(line, Program.Refuse(["train", .. options]), StringComparison.Ordinal);

    [Fact]
    public void Codes_of_another_number_a_cell_are_refused()
    {
        Train("--codes", "16", "--depth", "2");
        Program.Succeed("encode", trained.Run, "--data", trained.Images, "--out", _folder["one.npy"]);
        Assert.Contains(
            "this model's codes are [images, rows, columns, 2]: a cell has 2 codes",
            Program.Refuse("decode", Run, _folder["one.npy"], "--out", _folder["x"]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_codes_of_a_cell_are_decoded_and_evaluated()
    {
        Train("--codes", "16", "--depth", "3", "--groups", "2");
        Program.Succeed("encode", Run, "--data", trained.Images, "--split", "test", "--out", _folder["codes.npy"]);
        byte[][] grids = [.. ((string[])["1", "2", "3"]).Select(Decoded)];
        Assert.Equal(3, grids.DistinctBy(Convert.ToHexString).Count());
        Program.Succeed("decode", Run, _folder["codes.npy"], "--out", _folder["all.png"]);
        Assert.Equal(File.ReadAllBytes(_folder["all.png"]), grids[^1]);

        using (TrainedModel model = TrainedModel.Open(Run))
        {
            ImageSet images = ImageFolder.Load(
                trained.Images, Split.Test, 16, cancellation: TestContext.Current.CancellationToken);
            Evaluation expected = Evaluator.Evaluate(
                model.Model, images, Split.Test, model.DataVariance, depth: 2,
                cancellation: TestContext.Current.CancellationToken);
            using JsonDocument json = JsonDocument.Parse(Program.Succeed("eval", Run, "--depth", "2", "--json"));
            Assert.Equal(expected.Mse, json.RootElement.GetProperty("mse").GetDouble());
            Assert.Equal(4 * 16, json.RootElement.GetProperty("codes").GetInt32());
            // Each level has the name that it has among all.
            Assert.Equal(
                ["group 1, level 1", "group 1, level 2", "group 2, level 1", "group 2, level 2"],
                json.RootElement.GetProperty("levels").EnumerateArray()
                    .Select(level => level.GetProperty("name").GetString()));
        }
        Assert.Equal(Program.Succeed("eval", Run), Program.Succeed("eval", Run, "--depth", "3"));

        byte[] Decoded(string depth)
        {
            Program.Succeed(
                "decode", Run, _folder["codes.npy"], "--depth", depth, "--out", _folder[$"grid{depth}.png"]);
            return File.ReadAllBytes(_folder[$"grid{depth}.png"]);
        }
    }

    [Fact]
    public void First_codes_that_a_model_does_not_have_are_refused()
    {
        Train("--codes", "16", "--depth", "2");
        Program.Succeed("encode", Run, "--data", trained.Images, "--out", _folder["two.npy"]);
        Program.Succeed("encode", trained.Run, "--out", _folder["one.npy"]);
        foreach (string depth in (string[])["0", "3"])
        {
            string message = $"--depth must be 1 to 2, the model's, not {depth}";
            AssertRefused(message, "decode", Run, _folder["two.npy"], "--depth", depth, "--out", _folder["x"]);
            AssertRefused(message, "eval", Run, "--depth", depth);
        }
        const string Flat = "--depth needs a model with a depth of 2 or more";
        AssertRefused(Flat, "decode", trained.Run, _folder["one.npy"], "--depth", "1", "--out", _folder["x"]);
        AssertRefused(Flat, "eval", trained.Run, "--depth", "1");
        AssertRefused("--depth two: give a whole number", "eval", Run, "--depth", "two");
        Assert.False(Directory.Exists(_folder["x"]), "a refused command wrote images");

        static void AssertRefused(string message, params string[] args) =>
            Assert.Contains(message, Program.Refuse(args), StringComparison.Ordinal);
    }

    private string Run => _folder["run"];

    private VqVaeOptions Options => TokenizerRun.Open(Run).Options.Model;

    private void Train(params string[] options)
    {
        if (Directory.Exists(Run)) Directory.Delete(Run, recursive: true);
        Program.Succeed(Program.TinyTraining(trained.Images, Run, ["--updates", "4", .. options]));
    }

    /// <summary>Encodes, decodes, exports, reports, and draws from a prior.</summary>
    private void AssertWorks(int[] codes)
    {
        Program.Succeed("encode", Run, "--data", trained.Images, "--split", "all", "--out", _folder["codes.npy"]);
        using (NpyReader reader = NpyReader.Open(_folder["codes.npy"])) Assert.Equal(codes, reader.Shape);
        Program.Succeed("decode", Run, _folder["codes.npy"], "--out", _folder["decoded"]);
        string perCell = codes.Length == 3 ? "" : $", {codes[^1]}";
        Assert.Contains(
            $"-> codes int64 [batch, height / 4, width / 4{perCell}]\n",
            Program.Succeed("export", Run, "--onnx", _folder["onnx"]), StringComparison.Ordinal);
        Program.Succeed("report", Run);
        Program.Succeed("convert", Run, _folder["model.pt"]);
        Assert.Equal(
            Program.Succeed("eval", Run, "--json"),
            Program.Succeed("eval", _folder["model.pt"], "--data", trained.Images, "--size", "16", "--json"));
        Program.Succeed(
            "prior", Run, "--width", "16", "--layers", "1", "--heads", "2", "--updates", "2", "--batch", "2",
            "--out", _folder["prior"]);
        Program.Succeed(
            "sample", Run, "--prior", _folder["prior"], "--count", "2", "--out", _folder["grid.png"], "--tokens",
            _folder["drawn.npy"]);
        using (NpyReader reader = NpyReader.Open(_folder["drawn.npy"])) Assert.Equal([2, .. codes[1..]], reader.Shape);
        Program.Succeed(
            "complete", Run, Directory.EnumerateFiles(_folder["decoded"]).Min()!, "--prior", _folder["prior"],
            "--keep", "top", "--out", _folder["completed.png"]);
    }
}
