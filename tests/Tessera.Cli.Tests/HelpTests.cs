using Tessera.Runs;

namespace Tessera.Cli.Tests;

public sealed class HelpTests
{
    [Theory]
    [InlineData("train", "--data", "--data-dir", "--preset", "--out", "--updates", "--batch", "--lr", "--hidden",
        "--residual-hidden", "--residual-layers", "--codes", "--code-dim", "--commitment", "--decay", "--decay-ramp",
        "--seed", "--threads", "--device", "--checkpoint-every", "--eval-every", "--init", "--key", "--resume",
        "--size", "--channels", "--loss", "--perceptual", "--features")]
    [InlineData("eval", "RUN", "--key", "--data", "--data-dir", "--split", "--size", "--json", "--threads")]
    [InlineData(
        "reconstruct", "RUN", "--key", "IMAGE", "--data", "--data-dir", "--split", "--size", "--count", "--out")]
    [InlineData(
        "encode", "RUN", "--key", "IMAGE", "--data", "--data-dir", "--split", "--size", "--labels", "--out",
        "--threads")]
    [InlineData("decode", "RUN", "--key", "TOKENS", "--out", "--threads")]
    [InlineData("prior", "RUN", "--key", "--out", "--resume", "--minutes", "--updates", "--width", "--layers",
        "--heads", "--dropout", "--classes", "--class-dropout", "--flips", "--batch", "--lr", "--seed", "--threads",
        "--device")]
    [InlineData("classifier", "--data", "--out", "--resume", "--minutes", "--width", "--convolutions", "--flips",
        "--batch", "--lr", "--seed", "--threads", "--device", "--skip-damaged")]
    [InlineData("sample", "RUN", "--key", "--prior", "--class", "--count", "--guidance", "--temperature", "--top-p",
        "--top-k", "--seed", "--tokens", "--separate", "--out", "--threads", "--device")]
    [InlineData("complete", "RUN", "IMAGE", "--key", "--prior", "--class", "--keep", "--count", "--seed", "--out")]
    [InlineData("score", "RUN", "IMAGE", "--key", "--data", "--data-dir", "--split", "--size", "--prior", "--classes",
        "--worst", "--picture", "--out", "--skip-damaged", "--threads")]
    [InlineData("report", "RUN", "--key", "--data", "--data-dir", "--split", "--size", "--prior", "--out", "--threads")]
    [InlineData("studio", "RUN|FOLDER", "--port", "--host", "--token", "--no-browser", "--data")]
    [InlineData("convert", "RUN", "--key", "FILE")]
    [InlineData("export", "RUN", "--key", "--onnx", "--prior")]
    [InlineData("info", "RUN", "--key")]
    [InlineData("data cifar10", "--data-dir")]
    [InlineData("bench", "--batch", "--size", "--hidden", "--threads", "--seconds", "--json")]
    public void Every_command_explains_its_options_and_gives_examples(string command, params string[] names)
    {
        string help = Program.Succeed([.. command.Split(' '), "--help"]);
        Assert.All(names, name => Assert.Contains(name, help, StringComparison.Ordinal));
        Assert.Contains($"Examples:\n  tessera {command}", help, StringComparison.Ordinal);
        Assert.Contains($"Usage:\n  tessera {command}", help, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_arguments_the_program_prints_its_help()
    {
        string help = Program.Succeed();
        Assert.Equal(help, Program.Succeed("--help"));
        Assert.All(
            [
                "train", "eval", "reconstruct", "report", "encode", "decode", "classifier", "prior", "sample",
                "complete", "score", "studio", "convert", "export", "info", "data", "bench",
            ],
            name => Assert.Matches($@"(?m)^  {name}\b", help));
    }

    [Fact]
    public void Help_is_printed_even_if_other_arguments_are_wrong() =>
        Program.Succeed("train", "--bacth", "x", "--help");

    [Fact]
    public void The_version_is_that_of_run_folders() =>
        Assert.Equal($"{RunFolder.Version}\n", Program.Succeed("--version"));
}
