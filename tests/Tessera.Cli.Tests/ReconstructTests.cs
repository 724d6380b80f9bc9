using Tessera.Data;
using Tessera.Imaging;
using Tessera.Tokens;

namespace Tessera.Cli.Tests;

public sealed class ReconstructTests(Trained trained)
{
    // Images of 16x16 pixels are enlarged to 96x96; pairs have a margin of 6 pixels.
    private const int Enlarged = 96, Margin = 6;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(4, 4, 1)]
    [InlineData(5, 4, 2)]
    [InlineData(100, 4, 2)]
    public void The_grid_has_a_pair_for_each_image(int count, int columns, int rows)
    {
        using var folder = new TemporaryFolder();
        string output = Program.Succeed("reconstruct", trained.Run, "--count", $"{count}", "--out", folder["grid.png"]);
        Assert.Matches(
            $@"^.*grid\.png: {Math.Min(count, Trained.TestCount)} images? beside .*, (mean )?PSNR \d+\.\d\d dB\n$",
            output);
        Image grid = ImageFile.Read(folder["grid.png"]);
        Assert.Equal(
            (columns * (2 * Enlarged + Margin) + Margin, rows * (Enlarged + Margin) + Margin, 3),
            (grid.Width, grid.Height, grid.Channels));
    }

    [Fact]
    public void Originals_are_on_the_left_and_reconstructions_on_the_right()
    {
        using var folder = new TemporaryFolder();
        Program.Succeed("reconstruct", trained.Run, "--out", folder["grid.png"]);
        Image grid = ImageFile.Read(folder["grid.png"]);
        ImageSet test = ImageFolder.Load(
            trained.Images, Split.Test, 16, cancellation: TestContext.Current.CancellationToken);
        using var tokenizer = Tokenizer.Open(trained.Run);
        for (int i = 0; i < test.Count; i++)
        {
            int left = Margin + i % 4 * (2 * Enlarged + Margin), top = Margin + i / 4 * (Enlarged + Margin);
            Image original = test.Image(i);
            Image reconstruction = tokenizer.Reconstruct(original);
            Assert.Equal(ImageTransform.Enlarge(original, 6).Pixels, Cut(grid, left, top));
            Assert.Equal(ImageTransform.Enlarge(reconstruction, 6).Pixels, Cut(grid, left + Enlarged, top));
        }
    }

    [Theory]
    [InlineData(50, 21, 3)]
    [InlineData(7, 90, 1)]
    [InlineData(16, 16, 3)]
    public void Files_of_any_size_are_scaled_to_the_size_of_the_model(int width, int height, int channels)
    {
        using var folder = new TemporaryFolder();
        ImageFile.WritePng(folder["a.png"], ImageTransform.Fit(SyntheticShapes.Image(3, 64), width, height, channels));
        Program.Succeed("reconstruct", trained.Run, folder["a.png"], folder["a.png"], "--out", folder["grid.png"]);
        Assert.Equal(2 * (2 * Enlarged + Margin) + Margin, ImageFile.Read(folder["grid.png"]).Width);
        // Images of 64x64 pixels are not enlarged.
        Program.Succeed("reconstruct", trained.Model, folder["a.png"], "--size", "64", "--out", folder["grid.png"]);
        Assert.Equal(
            (2 * 64 + 2 * Margin, 64 + 2 * Margin),
            (ImageFile.Read(folder["grid.png"]).Width, ImageFile.Read(folder["grid.png"]).Height));
    }

    [Fact]
    public void The_default_output_file_is_never_overwritten()
    {
        using var folder = new TemporaryFolder();
        string[] args = ["reconstruct", trained.Run, "--count", "1"];
        Assert.Equal(0, Program.End(Program.Start(folder.Path, args)).Code);
        byte[] first = File.ReadAllBytes(folder["reconstructions.png"]);
        Outcome second = Program.End(Program.Start(folder.Path, [.. args, "--split", "train"]));
        Assert.Equal(TesseraProgram.WrongInput, second.Code);
        Assert.Contains("--out", second.Error, StringComparison.Ordinal);
        Assert.Equal(first, File.ReadAllBytes(folder["reconstructions.png"]));
        Program.Succeed([.. args, "--split", "train", "--out", folder["reconstructions.png"]]);
        Assert.NotEqual(first, File.ReadAllBytes(folder["reconstructions.png"]));
    }

    [Fact]
    public void Wrong_arguments_are_refused_and_nothing_is_written()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["broken.png"], [0x89, (byte)'P', (byte)'N', (byte)'G', 1, 2, 3]);
        string[] before = TemporaryFolder.NamesIn(folder.Path);
        foreach ((string[] args, string reason) in new (string[], string)[]
        {
            (["--out", folder["a.jpg"]], ".png"),
            (["--out", folder["no", "a.png"]], "folder"),
            (["--out", folder["a.png"], "--count", "0"], "--count"),
            (["--out", folder["a.png"], "--size", "30"], "--size"),
            (["--out", folder["a.png"], folder["no.png"]], "no.png"),
            (["--out", folder["a.png"], folder["broken.png"]], "broken.png"),
            (["--out", folder["a.png"], ""], "empty"),
            (["--out", folder["a.png"], folder["broken.png"], "--data", "shapes"], "--data"),
            (["--out", folder["a.png"], "--split", "validation"], "--split validation"),
        })
        {
            Assert.Contains(reason, Program.Refuse(["reconstruct", trained.Run, .. args]), StringComparison.Ordinal);
            Assert.Equal(before, TemporaryFolder.NamesIn(folder.Path));
        }
    }

    private static byte[] Cut(Image grid, int left, int top) =>
    [
        .. Enumerable.Range(top, Enlarged).SelectMany(
            y => grid.Pixels.AsSpan((y * grid.Width + left) * 3, Enlarged * 3).ToArray()),
    ];
}
