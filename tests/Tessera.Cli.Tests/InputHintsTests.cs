using Tessera.Cli.CommandLine;

namespace Tessera.Cli.Tests;

public sealed class InputHintsTests(Trained trained)
{
    [Theory]
    [InlineData("batch must be 1 to 65536, not 0", "batch", "--batch must be 1 to 65536, not 0")]
    [InlineData("x holds two; choose one by its key", "key", "x holds two; choose one by its key (--key NAME)")]
    [InlineData("out of memory; take a smaller batch", "batch", "out of memory; take a smaller batch (--batch)")]
    [InlineData("one\nline", null, "one line")]
    public void An_error_names_the_option_of_the_command_line(string message, string? option, string expected) =>
        Assert.Equal(expected, InputHints.Describe(new InputException(message) { Option = option }, command: null));

    [Fact]
    public void A_taken_and_a_missing_run_folder_are_refused_with_the_command_that_helps()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder), missing = folder["missing"];
        Assert.Equal(
            $"{run} exists already; resume the run in it, or choose another folder (tessera train --resume --out DIR)",
            Program.Refuse("train", "--out", run));
        Assert.Equal(
            $"there is no run folder {missing}; check the path, or start a new run (tessera train --out DIR)",
            Program.Refuse("train", "--resume", "--out", missing));
    }

    [Theory]
    [InlineData("checkpoint.pt", null, "choose one by its key (--key NAME)")]
    [InlineData("small.pt", "net", "leave the key out (--key NAME)")]
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
