using Tessera.Imaging;
using Tessera.Priors;
using Tessera.Tokens;

namespace Tessera.Cli.Tests;

/// <summary>The commands that draw images: sample and complete.</summary>
public sealed class SampleTests(TrainedPrior trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sample_writes_a_grid_codes_and_images()
    {
        string output = Program.Succeed(
            "sample", trained.Run, "--count", "5", "--seed", "3", "--class", "cube", "--out", _folder["a.png"],
            "--tokens", _folder["codes.npy"], "--separate", _folder["images"]);
        Assert.Equal(
            $"{_folder["a.png"]}: 5 images, guidance 1, top-p 1, temperature 1, seed 3\n", output);
        Image grid = ImageFile.Read(_folder["a.png"]);
        Assert.Equal((2 + 5 * 18, 2 + 18), (grid.Width, grid.Height));
        Assert.Equal(["0.png", "1.png", "2.png", "3.png", "4.png"], TemporaryFolder.NamesIn(_folder["images"]));
        using (TokenReader tokens = TokenReader.Open(_folder["codes.npy"], codebook: 16))
            Assert.Equal((5, 4, 4), (tokens.Left, tokens.Rows, tokens.Columns));
        Program.Succeed("decode", trained.Run, _folder["codes.npy"], "--out", _folder["decoded"]);
        foreach (string name in TemporaryFolder.NamesIn(_folder["images"]))
            Assert.Equal(
                File.ReadAllBytes(_folder["images", name]), File.ReadAllBytes(_folder["decoded", name]));
    }

    [Fact]
    public void The_same_seed_draws_the_same_images_and_a_longer_list_begins_with_them()
    {
        Program.Succeed("sample", trained.Run, "--count", "2", "--separate", _folder["two"], "--out", _folder["a.png"]);
        Program.Succeed(
            "sample", trained.Run, "--count", "9", "--separate", _folder["nine"], "--out", _folder["b.png"],
            "--threads", "2", "--prior", trained.Prior);
        foreach (string name in (string[])["0.png", "1.png"])
            Assert.Equal(File.ReadAllBytes(_folder["two", name]), File.ReadAllBytes(_folder["nine", name]));
        Program.Succeed("sample", trained.Run, "--count", "2", "--seed", "1", "--out", _folder["c.png"]);
        Assert.NotEqual(File.ReadAllBytes(_folder["a.png"]), File.ReadAllBytes(_folder["c.png"]));
    }

    [Fact]
    public void All_draws_each_class_in_turn()
    {
        Program.Succeed(
            "sample", trained.Run, "--class", "all", "--count", "4", "--separate", _folder["all"], "--out",
            _folder["a.png"]);
        Program.Succeed(
            "sample", trained.Run, "--class", "sphere", "--count", "4", "--separate", _folder["spheres"], "--out",
            _folder["b.png"]);
        Assert.Equal(File.ReadAllBytes(_folder["spheres", "3.png"]), File.ReadAllBytes(_folder["all", "3.png"]));
    }

    [Theory]
    [InlineData("--class", "cow", "there is no class \"cow\"; the classes are cube, sphere (--class)")]
    [InlineData("--count", "0", "--count must be 1 to 65536, not 0")]
    [InlineData("--guidance", "-1", "--guidance must be at least 0, not -1")]
    [InlineData("--temperature", "0", "--temperature must be a number above 0, not 0")]
    [InlineData("--top-p", "0", "--top-p must be above 0 and at most 1, not 0")]
    [InlineData("--top-k", "-1", "--top-k must be at least 0, not -1")]
    [InlineData("--seed", "x", "--seed x: give a whole number")]
    public void A_wrong_option_is_refused_by_name(string option, string value, string line)
    {
        Assert.Equal(line, Program.Refuse("sample", trained.Run, option, value, "--out", _folder["a.png"]));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void Wrong_outputs_are_refused_before_anything_is_drawn()
    {
        Assert.Contains(
            "wrong file type", Program.Refuse("sample", trained.Run, "--out", _folder["a.jpg"]),
            StringComparison.Ordinal);
        Assert.Contains(
            "wrong file type",
            Program.Refuse("sample", trained.Run, "--out", _folder["a.png"], "--tokens", _folder["a.csv"]),
            StringComparison.Ordinal);
        _folder.Write("images/own.txt", [1]);
        Assert.Contains(
            "exists already; name a new folder",
            Program.Refuse("sample", trained.Run, "--out", _folder["a.png"], "--separate", _folder["images"]),
            StringComparison.Ordinal);
        Assert.Equal(["images"], _folder.Names);
    }

    [Fact]
    public void A_prior_in_the_place_of_its_tokenizer_is_named()
    {
        foreach (string path in (string[])[trained.Prior, Path.Combine(trained.Prior, "model.safetensors")])
            Assert.Contains(
                $"{path} is a prior; name the run of its tokenizer here",
                Program.Refuse("sample", path, "--out", _folder["a.png"]), StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void A_missing_or_damaged_prior_is_named()
    {
        string run = trained.CopyRun(_folder), file = Path.Combine(run, "prior", "model.safetensors");
        byte[] whole = File.ReadAllBytes(file);
        File.WriteAllBytes(file, whole[..(whole.Length / 2)]);
        Assert.Contains(file, Refuse(), StringComparison.Ordinal);

        File.Copy(trained.Model, file, overwrite: true);
        Assert.Contains($"{file} holds no prior", Refuse(), StringComparison.Ordinal);

        using (var other = new CodePrior(new CodePriorOptions { Codes = 8, Rows = 4, Columns = 4, Width = 16 }))
        using (FileStream stream = File.Create(file))
            PriorFile.Write(stream, other, PriorFile.HashOf(trained.Model));
        Assert.Equal(
            "the prior is over 8 codes, but the tokenizer has 16; name the prior that was trained beside it", Refuse());

        using (var other = new CodePrior(new CodePriorOptions { Codes = 16, Rows = 4, Columns = 4, Width = 16 }))
        using (FileStream stream = File.Create(file))
            PriorFile.Write(stream, other, PriorFile.HashOf(Path.Combine(run, "config.json")));
        Assert.Equal(
            $"the prior {file} was trained beside another tokenizer than {Path.Combine(run, "model.safetensors")}; "
            + $"train one for it (tessera prior {run})", Refuse());

        File.Delete(file);
        Assert.Contains("has no prior yet", Refuse(), StringComparison.Ordinal);
        Directory.Delete(Path.Combine(run, "prior"), recursive: true);
        Assert.Equal(
            $"there is no prior {Path.Combine(run, "prior")}; train one (tessera prior {run})", Refuse());

        string Refuse() => Program.Refuse("sample", run, "--out", _folder["a.png"]);
    }

    [Theory]
    [InlineData("top", 8)]
    [InlineData("left", 8)]
    [InlineData("0.25", 4)]
    [InlineData("1", 16)]
    public void Complete_writes_the_original_what_is_kept_and_completions(string keep, int kept)
    {
        string image = Path.Combine(trained.Images, "test", "cube", "0.png");
        string output = Program.Succeed(
            "complete", trained.Run, image, "--keep", keep, "--count", "2", "--class", "cube", "--out",
            _folder["a.png"]);
        Assert.Equal(
            $"{_folder["a.png"]}: the original, what was kept ({kept} of 16 cells), 2 completions\n", output);
        Image grid = ImageFile.Read(_folder["a.png"]), original = ImageFile.Read(image);
        Assert.Equal((2 + 4 * 18, 20), (grid.Width, grid.Height));
        Assert.Equal(original.Pixels, Part(grid, 0).Pixels);
        // Grey where it is drawn: the last cell always is, unless all are kept.
        Assert.Equal(kept == 16, Part(grid, 1).Pixels.AsSpan(16 * 16 * 3 - 3).IndexOfAnyExcept((byte)128) >= 0);
        if (kept < 16) return;
        using Tokenizer tokenizer = Tokenizer.Open(trained.Run);
        Assert.Equal(tokenizer.Reconstruct(original).Pixels, Part(grid, 2).Pixels);
    }

    [Fact]
    public void The_usual_completions_are_one_row()
    {
        string image = Path.Combine(trained.Images, "test", "cube", "0.png");
        Program.Succeed("complete", trained.Run, image, "--out", _folder["a.png"]);
        Image grid = ImageFile.Read(_folder["a.png"]);
        Assert.Equal((2 + 10 * 18, 20), (grid.Width, grid.Height));
    }

    [Fact]
    public void A_mask_keeps_its_white_cells_and_must_be_as_large_as_the_image()
    {
        string image = Path.Combine(trained.Images, "test", "cube", "0.png");
        Image mask = Image.Black(16, 16, 1);
        for (int y = 0; y < 4; y++) mask.Pixels.AsSpan(y * 16, 9).Fill(255);
        ImageFile.WritePng(_folder["mask.png"], mask);
        // The third cell of the row is not all white.
        Assert.Contains(
            "what was kept (2 of 16 cells), 1 completion\n",
            Program.Succeed(
                "complete", trained.Run, image, "--keep", _folder["mask.png"], "--count", "1", "--out",
                _folder["a.png"]),
            StringComparison.Ordinal);
        ImageFile.WritePng(_folder["mask.png"], Image.Black(16, 8, 1));
        Assert.Equal(
            $"--keep {_folder["mask.png"]}: the mask is 8x16; it must be as large as the image, 16x16",
            Program.Refuse("complete", trained.Run, image, "--keep", _folder["mask.png"], "--out", _folder["b.png"]));
        Assert.StartsWith(
            "--keep middle: give top, left,",
            Program.Refuse("complete", trained.Run, image, "--keep", "middle", "--out", _folder["b.png"]),
            StringComparison.Ordinal);
        Assert.Contains(
            "none.png", Program.Refuse("complete", trained.Run, _folder["none.png"], "--out", _folder["b.png"]),
            StringComparison.Ordinal);
    }

    private static Image Part(Image grid, int number)
    {
        Image part = Image.Black(16, 16, 3);
        for (int y = 0; y < 16; y++)
            grid.Pixels.AsSpan(((2 + y) * grid.Width + 2 + number * 18) * 3, 16 * 3)
                .CopyTo(part.Pixels.AsSpan(y * 16 * 3));
        return part;
    }
}
