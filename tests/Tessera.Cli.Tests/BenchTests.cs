using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tessera.Cli.Tests;

public sealed class BenchTests
{
    private static readonly string[] Small =
    [
        "bench", "--size", "8", "--batch", "2", "--hidden", "8", "--residual-hidden", "4", "--residual-layers", "1",
        "--codes", "16", "--code-dim", "4", "--threads", "1", "--seconds", "0.01",
    ];

    [Fact]
    public void The_tables_show_the_machine_the_rates_and_the_kernels()
    {
        string output = Program.Succeed(Small);
        Assert.Matches(@"(?m)^device +cpu, 1 thread, \w+ kernels$", output);
        Assert.Matches(@"(?m)^FMA peak +\d+ GFLOP/s on one thread, \d+ on 1 ", output);
        foreach (string work in (string[])["train, gradient codebook", "train, EMA codebook", "encode", "decode"])
            Assert.Matches($@"(?m)^{work} +\d+ +[\d.]+ +[\d.]+ +\d+ +[\d.]+$", output);
        Assert.Matches(@"(?m)^1x1, 4 -> 8 channels, 2x2 -> 2x2 +2 +direct \(", output);
    }

    [Fact]
    public void Json_is_one_object()
    {
        using JsonDocument json = JsonDocument.Parse(Program.Succeed([.. Small, "--json"]));
        JsonElement root = json.RootElement;
        Assert.Equal(
            ["device", "threads", "batch", "size", "peak", "work", "convolutions"],
            root.EnumerateObject().Select(property => property.Name));
        Assert.Equal(2, root.GetProperty("batch").GetInt32());
        Assert.Equal(4, root.GetProperty("work").GetArrayLength());
        Assert.All(root.GetProperty("work").EnumerateArray(), work =>
            Assert.True(work.GetProperty("images_per_second").GetDouble() > 0, work.GetRawText()));
        Assert.Equal(
            11, root.GetProperty("convolutions").EnumerateArray().Sum(one => one.GetProperty("layers").GetInt32()));
    }

    [Fact]
    public void The_help_shows_the_sizes_that_are_measured()
    {
        // The 1x1 convolution before the codebook has as many output channels as a code has dimensions.
        string help = Program.Succeed("bench", "--help");
        string dimensions = Regex.Match(help, @"Dimensions of a code, D \[default: (\d+)\]").Groups[1].Value;
        string output = Program.Succeed("bench", "--batch", "1", "--size", "8", "--seconds", "0.01");
        Assert.Contains($"1x1, 128 -> {dimensions} channels", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--seconds", "0")]
    [InlineData("--seconds", "-1")]
    [InlineData("--seconds", "nan")]
    [InlineData("--seconds", "1e9")]
    [InlineData("--seconds", "long")]
    [InlineData("--batch", "0")]
    [InlineData("--size", "30")]
    [InlineData("--threads", "0")]
    public void An_invalid_value_is_refused_with_its_option(string option, string value) =>
        Assert.StartsWith(option, Program.Refuse("bench", option, value), StringComparison.Ordinal);
}
