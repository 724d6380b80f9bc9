using Tessera.Data;
using Tessera.Imaging;
using Tessera.Tensors.IO;

namespace Tessera.Cli.Tests;

/// <summary>
/// Every command on a network of stride 8 with normalisation and attention, for images that are not square.
/// </summary>
public sealed class NetworkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_command_takes_a_network_of_another_stride()
    {
        string run = _folder["run"], images = _folder["images"], grid = _folder["grid.png"];
        foreach (string split in (string[])["train", "test"]) Directory.CreateDirectory(_folder["images", split]);
        for (int i = 0; i < 6; i++)
            ImageFile.WritePng(_folder["images", i < 4 ? "train" : "test", $"{i}.png"], SyntheticShapes.Image(i, 64));
        Program.Succeed(
            "train", "--data", images, "--size", "32x48", "--stride", "8", "--hidden", "16", "--residual-hidden", "8",
            "--groupnorm", "4", "--attention", "2", "--codes", "16", "--code-dim", "4", "--batch", "4",
            "--updates", "3", "--threads", "1", "--out", run);

        string info = Program.Succeed("info", run);
        Assert.Matches("(?m)^pixels per cell +8x8$", info);
        Assert.Matches("(?m)^stride +8$", info);
        Assert.Matches("(?m)^group normalisation +4 groups$", info);
        Assert.Matches("(?m)^self-attention +2 heads$", info);
        Assert.Matches(@"(?m)^data +.*images, 32x48$", info);

        Assert.Contains("\"codes\": 16", Program.Succeed("eval", run, "--json"), StringComparison.Ordinal);
        Program.Succeed("encode", run, "--data", images, "--split", "all", "--out", _folder["codes.npy"]);
        Assert.Equal([6, 4, 6], ShapeOf(_folder["codes.npy"]));
        Program.Succeed("decode", run, _folder["codes.npy"], "--out", _folder["decoded"]);
        Assert.Equal(
            (48, 32), SizeOf(Directory.EnumerateFiles(_folder["decoded"]).Order(StringComparer.Ordinal).First()));
        Program.Succeed(
            "reconstruct", run, _folder["images", "test", "4.png"], "--size", "native", "--out", grid);
        Program.Succeed(
            "encode", run, _folder["images", "test", "4.png"], "--size", "64x96", "--out", _folder["large.npy"]);
        Assert.Equal([1, 8, 12], ShapeOf(_folder["large.npy"]));

        Program.Succeed("convert", run, _folder["model.pt"]);
        Assert.Matches("(?m)^self-attention +2 heads$", Program.Succeed("info", _folder["model.pt"]));
        Program.Succeed("export", run, "--onnx", _folder["onnx"]);
        Program.Succeed("report", run);
        Program.Succeed(
            "prior", run, "--width", "16", "--layers", "1", "--heads", "2", "--updates", "2", "--batch", "2",
            "--out", _folder["prior"]);
        Program.Succeed("sample", run, "--prior", _folder["prior"], "--count", "2", "--out", grid);
        Program.Succeed(
            "train", "--init", run, "--data", images, "--size", "32x48", "--batch", "2", "--updates", "1",
            Program.NoReport, "--out", _folder["second"]);
        Assert.Matches("(?m)^group normalisation +4 groups$", Program.Succeed("info", _folder["second"]));
        Assert.Contains(
            "its network has 4 groups of normalisation; the model's is 2",
            Program.Refuse(
                "train", "--init", run, "--groupnorm", "2", "--data", images, "--size", "32x48", "--out", _folder["x"]),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Every_command_takes_two_levels_of_codes()
    {
        string run = _folder["run"], grid = _folder["grid.png"];
        string output = Program.Succeed(
            "train", "--size", "16", "--top", "on", "--stride", "2", "--hidden", "8", "--residual-hidden", "4",
            "--residual-layers", "1", "--codes", "16", "--code-dim", "4", "--batch", "8", "--updates", "3",
            "--threads", "1", "--out", run);

        const string Warning = "warning: the top level may end with a single code; --commitment 0.25 with "
            + "--entropy 0.01 keeps its codes in use\n";
        Assert.Contains(Warning, output, StringComparison.Ordinal);
        string info = Program.Succeed("info", run);
        Assert.Matches("(?m)^codebook +two levels, 1 \\+ 4 codes a cell, each of 16 codes of 4 dimensions", info);
        Assert.Matches("(?m)^pixels per cell +4x4$", info);
        Assert.Matches("(?m)^stride +2$", info);
        string evaluation = Program.Succeed("eval", run);
        Assert.Matches("(?m)^top level +perplexity", evaluation);
        Assert.Matches("(?m)^lower level +perplexity", evaluation);
        Assert.Contains("\"codes\": 32", Program.Succeed("eval", run, "--json"), StringComparison.Ordinal);
        ImageFile.WritePng(_folder["image.png"], SyntheticShapes.Image(1, 16));
        Program.Succeed("encode", run, _folder["image.png"], "--out", _folder["codes.npy"]);
        Assert.Equal([1, 4, 4, 5], ShapeOf(_folder["codes.npy"]));
        Program.Succeed("decode", run, _folder["codes.npy"], "--out", _folder["decoded"]);
        Assert.Equal(
            (16, 16), SizeOf(Directory.EnumerateFiles(_folder["decoded"]).Order(StringComparer.Ordinal).First()));
        Program.Succeed("reconstruct", run, _folder["image.png"], "--out", grid);
        Program.Succeed("convert", run, _folder["model.pt"]);
        Assert.Contains("two levels", Program.Succeed("info", _folder["model.pt"]), StringComparison.Ordinal);
        Program.Succeed("export", run, "--onnx", _folder["onnx"]);
        Program.Succeed("report", run);
        string report = Directory.EnumerateFiles(run, "*.html", SearchOption.AllDirectories).Single();
        Assert.Contains("top level, ", File.ReadAllText(report), StringComparison.Ordinal);
        Assert.Contains("lower level, ", File.ReadAllText(report), StringComparison.Ordinal);
        Program.Succeed(
            "prior", run, "--width", "16", "--layers", "1", "--heads", "2", "--updates", "2", "--batch", "2",
            "--out", _folder["prior"]);
        Program.Succeed("sample", run, "--prior", _folder["prior"], "--count", "2", "--out", grid);
        Program.Succeed(
            "complete", run, _folder["image.png"], "--prior", _folder["prior"], "--keep", "top", "--count", "1",
            "--out", grid);
        Assert.Contains(
            "--top", Program.Refuse("train", "--top", "on", "--depth", "2", "--out", _folder["x"]),
            StringComparison.Ordinal);
        Assert.Contains(Warning, Again("one", "--entropy", "0.01"), StringComparison.Ordinal);
        Assert.DoesNotContain(
            Warning, Again("both", "--entropy", "0.01", "--commitment", "0.25"), StringComparison.Ordinal);

        string Again(string name, params string[] options) => Program.Succeed(
        [
            "train", "--init", run, "--top", "on", "--size", "16", "--batch", "8", "--updates", "1", .. options,
            Program.NoReport, "--out", _folder[name],
        ]);
    }

    [Fact]
    public void A_benchmark_measures_a_network_of_another_stride() => Assert.Contains(
        "4x4, stride 2, 16 -> 32 channels",
        Program.Succeed(
            "bench", "--stride", "8", "--hidden", "32", "--groupnorm", "4", "--attention", "2", "--size", "16",
            "--batch", "1", "--seconds", "0.01", "--threads", "1"),
        StringComparison.Ordinal);

    private static IReadOnlyList<int> ShapeOf(string path)
    {
        using NpyReader reader = NpyReader.Open(path);
        return reader.Shape;
    }

    private static (int Width, int Height) SizeOf(string path)
    {
        Image image = ImageFile.Read(path);
        return (image.Width, image.Height);
    }
}
