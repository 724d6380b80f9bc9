using Tessera.Data;
using Tessera.Imaging;
using Tessera.Tensors.IO;

namespace Tessera.Cli.Tests;

/// <summary>Image folders as users have them: damaged images, images that are not square, other files.</summary>
public sealed class ImageFolderTests : IDisposable
{
    private const int GoodTrain = 12, GoodTest = 4, Good = GoodTrain + GoodTest;

    private static readonly string[] Bad = ["test/cut.jpg", "train/cut.png", "train/zero.png"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Images => _folder["images"];

    private string Run => _folder["run"];

    [Fact]
    public void All_damaged_images_are_named_at_once_and_no_run_starts()
    {
        MakeImages(damaged: true);

        Outcome outcome = Program.Run(Program.TinyTraining(Images, Run));

        Assert.Equal(TesseraProgram.WrongInput, outcome.Code);
        string[] lines = outcome.Error.TrimEnd().Split('\n');
        Assert.Equal($"tessera: 3 of {Good + 3} images cannot be read:", lines[0]);
        Assert.Contains("cut.png: not a usable image: ", lines[1], StringComparison.Ordinal);
        Assert.Contains("zero.png: the file is empty", lines[2], StringComparison.Ordinal);
        Assert.Contains("cut.jpg: not a usable image: ", lines[3], StringComparison.Ordinal);
        Assert.Equal("repair or delete them, or leave them out with --skip-damaged", lines[^1]);
        Assert.False(Directory.Exists(Run), "a run was started with damaged images");
    }

    [Fact]
    public void Skipped_images_are_recorded_and_a_resumed_run_skips_the_same()
    {
        MakeImages(damaged: true);
        string[] train = Program.TinyTraining(
            Images, Run, "--updates", "6", "--checkpoint-every", "3", "--skip-damaged");
        string output = Program.Succeed(train);
        Assert.Matches(@"images cannot be read and are left out\n", output);
        Assert.Equal(Bad, File.ReadAllLines(_folder["run", "skipped.txt"]));

        // The images are repaired before the run resumes; it still leaves them out.
        foreach (string name in Bad)
            _folder.Write($"images/{name}", ImageFile.EncodePng(SyntheticShapes.Image(99, 16)));
        string resumed = Program.Succeed("train", "--resume", "--out", Run, "--updates", "9", Program.NoReport);
        Assert.DoesNotContain("cannot be read", resumed, StringComparison.Ordinal);
        Assert.Contains("2 of 14 images left out, as in the run\n", resumed, StringComparison.Ordinal);

        string whole = _folder["whole"];
        foreach (string name in Bad) File.WriteAllBytes(Path.Combine(Images, name), []);
        Program.Succeed(
            Program.TinyTraining(Images, whole, "--updates", "9", "--checkpoint-every", "3", "--skip-damaged"));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(whole, "model.safetensors")),
            File.ReadAllBytes(_folder["run", "model.safetensors"]));

        // The evaluation leaves them out too.
        Outcome eval = Program.Run("eval", Run, "--split", "all");
        Assert.Contains("codes used", eval.Output, StringComparison.Ordinal);
        Assert.Contains("3 of 19 images left out, as in the run", eval.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_resumed_run_that_lost_an_image_says_so_and_takes_no_new_choice()
    {
        MakeImages(damaged: false);
        Program.Succeed(Program.TinyTraining(Images, Run, "--updates", "2", "--checkpoint-every", "1"));
        string[] resume = ["train", "--resume", "--out", Run, "--updates", "3", Program.NoReport];
        Assert.Contains("--skip-damaged", Program.Refuse([.. resume, "--skip-damaged"]), StringComparison.Ordinal);

        _folder.Write("images/train/03.png", []);
        _folder.Write("images/test/13.png", []);

        Assert.Equal(
            "train/03.png and 1 other can no longer be read, and a resumed run needs the images that it began with; "
            + "restore the files, or start a new run",
            Program.Refuse(resume));
    }

    [Fact]
    public void Encode_with_skip_damaged_writes_the_names_of_the_skipped_images()
    {
        MakeImages(damaged: false);
        Program.Succeed(Program.TinyTraining(Images, Run, "--updates", "2"));
        AddDamage();
        string tokens = _folder["tokens.npy"];

        Outcome refused = Program.Run("encode", Run, "--out", tokens);
        Assert.Equal(TesseraProgram.WrongInput, refused.Code);
        Assert.Contains($"3 of {Good + 3} images cannot be read", refused.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(tokens), "codes were written although images are damaged");

        Outcome skipping = Program.Run("encode", Run, "--out", tokens, "--skip-damaged");
        Assert.True(skipping.Code == 0, skipping.Error);
        using NpyReader codes = NpyReader.Open(tokens);
        Assert.Equal([Good, 4, 4], codes.Shape);
        Assert.Equal(Bad, File.ReadAllLines(_folder["tokens.skipped.txt"]));

        // Only names of the encoded split count, and an old list does not stay.
        Outcome test = Program.Run("encode", Run, "--split", "test", "--out", tokens, "--skip-damaged");
        Assert.True(test.Code == 0, test.Error);
        Assert.Equal(["test/cut.jpg"], File.ReadAllLines(_folder["tokens.skipped.txt"]));
        foreach (string name in Bad) File.Delete(Path.Combine(Images, name));
        Program.Succeed("encode", Run, "--out", tokens);
        Assert.False(File.Exists(_folder["tokens.skipped.txt"]), "the list of an earlier encoding is still there");
    }

    [Fact]
    public void Files_of_other_kinds_are_counted_once_in_one_line()
    {
        MakeImages(damaged: false);
        _folder.Write("images/train/Thumbs.db", [1]);
        _folder.Write("images/notes.txt", [1]);
        _folder.Write("images/train/.hidden", [1]);

        string output = Program.Succeed(Program.TinyTraining(Images, Run, "--updates", "2"));

        string line = Assert.Single(output.Split('\n'), line => line.Contains("left alone", StringComparison.Ordinal));
        Assert.Equal($"{Images}: 2 other files left alone (.db, .txt)", line);
    }

    [Fact]
    public void A_run_on_images_that_are_not_square_works_with_every_command()
    {
        MakeImages(damaged: false);
        Program.Succeed(
            Program.TinyTraining(Images, Run, "--size", "8x12", "--updates", "2", "--checkpoint-every", "1"));
        Assert.Contains("\"8x12\"", File.ReadAllText(_folder["run", "config.json"]), StringComparison.Ordinal);

        Program.Succeed("train", "--resume", "--out", Run, "--updates", "3", Program.NoReport);
        Assert.Contains("psnr", Program.Succeed("eval", Run, "--json"), StringComparison.Ordinal);
        string tokens = _folder["tokens.npy"];
        Assert.Contains(
            $"codes [{Good}, 2, 3]", Program.Succeed("encode", Run, "--out", tokens), StringComparison.Ordinal);
        Assert.Contains(
            "images of 8x12", Program.Succeed("decode", Run, tokens, "--out", _folder["decoded"]),
            StringComparison.Ordinal);
        Image decoded = ImageFile.Read(_folder["decoded", "00.png"]);
        Assert.Equal((8, 12), (decoded.Height, decoded.Width));
        Program.Succeed("reconstruct", Run, "--out", _folder["grid.png"]);
        Program.Succeed("report", Run, "--out", _folder["report"]);
        Assert.True(File.Exists(_folder["report", "report.html"]), "there is no report");
    }

    [Fact]
    public void Size_native_keeps_the_size_of_an_image()
    {
        MakeImages(damaged: false);
        Program.Succeed(Program.TinyTraining(Images, Run, "--updates", "2"));
        string image = _folder.Write(
            "wide.png", ImageFile.EncodePng(ImageTransform.CropCentre(SyntheticShapes.Image(3, 64), 51, 21)));

        string codes = Program.Succeed("encode", Run, image, "--size", "native", "--out", _folder["t.npy"]);
        Assert.Contains("codes [1, 5, 12]", codes, StringComparison.Ordinal);
        Program.Succeed("reconstruct", Run, image, "--size", "native", "--out", _folder["grid.png"]);

        string several = Program.Refuse(
            "encode", Run, image, Path.Combine(Images, "train/00.png"), "--size", "native",
            "--out", _folder["u.npy"]);
        Assert.Contains("must have the same size", several, StringComparison.Ordinal);
        foreach (string[] args in new[]
        {
            new[] { "eval", Run }, ["train", "--data", Images, "--out", _folder["other"]],
        })
            Assert.Contains("--size native", Program.Refuse([.. args, "--size", "native"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("30")]
    [InlineData("32x30")]
    [InlineData("0")]
    [InlineData("0x32")]
    [InlineData("32x")]
    [InlineData("32 x 48")]
    [InlineData("4100x4")]
    [InlineData("-4")]
    public void Invalid_sizes_are_refused(string size) => Assert.Contains(
        "--size", Program.Refuse(Program.TinyTraining(SyntheticShapes.Name, Run, "--size", size)),
        StringComparison.Ordinal);

    [Fact]
    public void One_image_is_too_few_to_train_but_can_be_encoded()
    {
        _folder.Write("images/a/only.png", ImageFile.EncodePng(SyntheticShapes.Image(0, 16)));
        Assert.Contains(
            "too few images (1)", Program.Refuse(Program.TinyTraining(Images, Run)), StringComparison.Ordinal);

        Program.Succeed(Program.TinyTraining(SyntheticShapes.Name, Run, "--updates", "2"));
        string output = Program.Succeed("encode", Run, "--data", Images, "--out", _folder["one.npy"]);
        Assert.Contains("codes [1, 4, 4]", output, StringComparison.Ordinal);
    }

    private void MakeImages(bool damaged)
    {
        for (int i = 0; i < Good; i++)
        {
            string split = i < GoodTrain ? "train" : "test";
            _folder.Write($"images/{split}/{i:00}.png", ImageFile.EncodePng(SyntheticShapes.Image(i, 16)));
        }
        if (damaged) AddDamage();
    }

    private void AddDamage()
    {
        byte[] good = File.ReadAllBytes(Path.Combine(Images, "train/00.png"));
        _folder.Write("images/train/zero.png", []);
        _folder.Write("images/train/cut.png", good[..(good.Length / 2)]);
        _folder.Write("images/test/cut.jpg", [0xff, 0xd8, 0xff, 0xe0, 0, 16]);
    }
}
