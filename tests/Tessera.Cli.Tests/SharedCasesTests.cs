using System.Text.Json;
using Tessera.Data;

namespace Tessera.Cli.Tests;

/// <summary>
/// Image folders from practice in <c>shared/cases</c>, if that folder lies beside the repository. Each of them could
/// be a user's <c>--data</c>.
/// </summary>
public sealed class SharedCasesTests : IDisposable
{
    private static readonly string Cases = Repository.PathOf("..", "shared", "cases");

    private readonly TemporaryFolder _folder = new();

    public SharedCasesTests() =>
        Assert.SkipUnless(Directory.Exists(Cases), "The folder shared/cases is not beside the repository.");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("pictures", 23)]
    [InlineData("webp", 14)]
    [InlineData("few", 1)]
    public void Every_image_is_read(string folder, int images)
    {
        string run = Train();
        using JsonDocument result = JsonDocument.Parse(
            Program.Run("eval", run, "--data", Path.Combine(Cases, folder), "--split", "all", "--json").Output);
        Assert.Equal(images, result.RootElement.GetProperty("images").GetInt32());
    }

    [Fact]
    public void Damaged_images_are_refused_and_left_out_with_skip_damaged()
    {
        string data = Path.Combine(Cases, "onebad"), run = _folder["run"];
        Outcome refused = Program.Run(Program.TinyTraining(data, run, "--updates", "2"));
        Assert.Equal(TesseraProgram.WrongInput, refused.Code);
        Assert.Contains("images cannot be read", refused.Error, StringComparison.Ordinal);

        string output = Program.Succeed(Program.TinyTraining(data, run, "--updates", "2", "--skip-damaged"));

        Assert.Contains("1 other file left alone (.db)", output, StringComparison.Ordinal);
        Assert.Equal(["a/cut.jpg", "a/cut.png", "a/zero.png"], File.ReadAllLines(Path.Combine(run, "skipped.txt")));
    }

    [Fact]
    public void A_phones_image_stands_upright()
    {
        string turned = Path.Combine(Cases, "pictures", "a", "exif6.jpg");
        string output = Program.Succeed("encode", Train(), turned, "--size", "native", "--out", _folder["tokens.npy"]);
        // The file has 48x32 pixels, turned by 90 degrees; upright it is 32 wide and 48 high.
        Assert.Contains("codes [1, 12, 8]", output, StringComparison.Ordinal);
    }

    private string Train()
    {
        Program.Succeed(Program.TinyTraining(SyntheticShapes.Name, _folder["run"], "--updates", "2"));
        return _folder["run"];
    }
}
