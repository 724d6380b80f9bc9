using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Imaging;

namespace Tessera.Cli.Tests;

public sealed class InputHintsTests(Trained trained)
{
    [Theory]
    [InlineData("Batch must be 1 to 65536, not 0", "Batch", null, "--batch must be 1 to 65536, not 0")]
    [InlineData("CodeDim must be 1 to 8192, not 0", "CodeDim", null, "--code-dim must be 1 to 8192, not 0")]
    [InlineData("choose one by its key", "key", null, "choose one by its key (--key NAME)")]
    [InlineData("leave the key out", "key", "ema", "leave the key out (--key ema)")]
    [InlineData(
        "no place", "Cache", null, "no place; or keep the images in memory with a larger --cache")]
    [InlineData("take a smaller batch", "Batch", null, "take a smaller batch (--batch)")]
    [InlineData("add some", "split", "all", "add some")]
    [InlineData("a run; resume it", "resume", null, "a run; resume it (tessera train --resume --out DIR)")]
    [InlineData("a run; resume it", "resume", "my run", "a run; resume it (tessera train --resume --out \"my run\")")]
    [InlineData("one\nline", null, null, "one line")]
    public void An_error_names_an_option_that_the_command_has(
        string message, string? option, string? value, string expected) =>
        Assert.Equal(expected, InputHints.Describe(
            new InputException(message) { Option = option, Value = value },
            new Command("train")
            {
                new Option<string>("--key"), new Option<int>("--batch"), new Option<string>("--cache"),
            }));

    /// <summary>A property that the library names, and what a user of the program reads.</summary>
    [Theory]
    [InlineData("LearningRate", "--lr")]
    [InlineData("LearningRateShape", "--schedule")]
    [InlineData("WarmUp", "--warmup")]
    [InlineData("AverageDecay", "--average")]
    [InlineData("InitKey", "--key")]
    [InlineData("Start", "--codebook-start")]
    [InlineData("AveragesStart", "--ema-start")]
    [InlineData("KeepSmoothing", "--ema-smoothing")]
    [InlineData("ResidualHidden", "--residual-hidden")]
    [InlineData("GroupNorm", "--groupnorm")]
    [InlineData("Stride", "--stride")]
    [InlineData("Attention", "--attention")]
    [InlineData("CheckpointEvery", "--checkpoint-every")]
    [InlineData("dataDir", "--data-dir")]
    public void A_property_is_set_by_an_option_of_the_program(string property, string flag)
    {
        Assert.Equal(flag, InputHints.FlagOf(property));
        Assert.Contains($" {flag} ", Program.Succeed("train", "--help"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--lr", "0", "--lr must be a number above 0, not 0")]
    [InlineData("--warmup", "-1", "--warmup must be at least 0, not -1")]
    [InlineData("--average", "1", "--average must be at least 0 and below 1, not 1")]
    [InlineData("--code-dim", "0", "--code-dim must be 1 to 8192, not 0")]
    [InlineData("--stride", "5", "--stride must be 2, 4, 8 or 16, not 5")]
    [InlineData(
        "--groupnorm", "7",
        "--groupnorm must be 0 or a divisor of 32, as the channels of all maps and blocks need it, not 7")]
    [InlineData("--attention", "5", "--attention must be 0 or a divisor of the 128 hidden channels, not 5")]
    [InlineData("--revival", "2", "--revival must be 0 (off) to 1, not 2")]
    [InlineData("--updates", "0", "--updates must be at least 1, not 0")]
    [InlineData("--codes", "1048577", "--codes must be 1 to 1048576, not 1048577")]
    public void A_value_out_of_range_is_refused_by_the_name_that_was_typed(string flag, string value, string line) =>
        Assert.Equal(line, Program.Refuse("train", flag, value));

    [Fact]
    public void A_taken_and_a_missing_run_folder_are_refused_with_the_command_that_helps()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder), missing = folder["missing"];
        Assert.Equal(
            $"{run} exists already; choose another folder, or resume the run in it "
            + $"(tessera train --resume --out {run})",
            Program.Refuse("train", "--out", run));
        Assert.Equal(
            $"{folder.Path} exists already; choose another folder (tessera train --out DIR)",
            Program.Refuse("train", "--out", folder.Path));
        Assert.Equal(
            $"there is no run folder {missing}; check the path, or start a new run (tessera train --out {missing})",
            Program.Refuse("train", "--resume", "--out", missing));
    }

    [Fact]
    public void An_empty_split_is_refused_with_the_option_split_where_a_command_has_it()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["train"]);
        Directory.CreateDirectory(folder["test"]);
        ImageFile.WritePng(folder["train", "0.png"], SyntheticShapes.Image(0, 16));
        string line = $"{folder["test"]} holds no images; put some into it";
        Assert.Equal(
            $"{line}; or use every image with --split all",
            Program.Refuse("eval", trained.Run, "--data", folder.Path));
        Assert.Equal(line, Program.Refuse("train", "--data", folder.Path, "--out", folder["run"]));
        Program.Succeed("encode", trained.Run, "--data", folder.Path, "--split", "all", "--out", folder["codes.npy"]);
    }

    [Theory]
    [InlineData("checkpoint.pt", null, "choose one by its key (--key NAME)")]
    [InlineData("small.pt", "net", "leave the key out (--key net)")]
    public void A_wrong_key_is_refused_with_the_option(string file, string? key, string expected)
    {
        string[] args = ["info", Repository.Fixture("pytorch", file), .. key is null ? (string[])[] : ["--key", key]];
        Assert.EndsWith(expected, Program.Refuse(args), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_data_set_is_refused_with_the_command_that_downloads_it()
    {
        using var folder = new TemporaryFolder();
        folder.Write("cifar-10-batches-bin/test_batch.bin", [1, 2, 3]);
        string line = Program.Refuse("eval", trained.Run, "--data", "cifar10", "--data-dir", folder.Path);
        Assert.EndsWith("(tessera data cifar10)", line, StringComparison.Ordinal);
    }
}
