using Tessera.Data;
using Tessera.Imaging;

namespace Tessera.Cli.Tests;

/// <summary>The models that come with the program, named as RUN.</summary>
public sealed class PretrainedTests(Trained trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Images_are_drawn_and_encoded_without_training()
    {
        Program.Succeed("sample", "cifar10", "--class", "horse", "--count", "2", "--out", _folder["horses.png"]);
        Assert.Equal(2 * (32 + 2) + 2, ImageFile.Read(_folder["horses.png"]).Width);

        _folder.Write("photos/a.png", ImageFile.EncodePng(SyntheticShapes.Image(1, 48)));
        Assert.EndsWith(
            "codes [1, 8, 8], uint16, 0 to 511\n",
            Program.Succeed("encode", "cifar10", _folder["photos"], "--out", _folder["tokens.npy"]),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Info_says_how_both_models_were_trained()
    {
        string output = Program.Succeed("info", "cifar10");
        Assert.Matches(@"(?m)^data +cifar10, 32x32$", output);
        Assert.Matches(@"(?m)^evaluation +update \d+, split test, recon_error 0.04\d+", output);
        Assert.Matches(@"(?m)^prior +.*prior$", output);
    }

    [Fact]
    public void A_run_starts_from_their_weights()
    {
        Program.Succeed(
            "train", "--init", "cifar10", "--size", "32", "--updates", "1", "--batch", "2", "--out", _folder["run"],
            Program.NoReport);
        Assert.Matches(@"(?m)^started from +.*cifar10$", Program.Succeed("info", _folder["run"]));
    }

    [Fact]
    public void Nothing_is_written_beside_them_unless_the_user_says_where()
    {
        foreach ((string command, string what) in new[] { ("prior", "the prior"), ("report", "the report") })
        {
            Assert.Equal(
                $"cifar10 comes with the program; name a folder for {what} with --out",
                Program.Refuse(command, "cifar10"));
        }
    }

    [Fact]
    public void A_run_of_that_name_comes_first_and_a_folder_of_data_does_not()
    {
        string Info() => Program.End(Program.Start(
            _folder.Path, start => start.Environment["XDG_CACHE_HOME"] = _folder["cache"], "info", "cifar10")).Output;

        _folder.Write("cifar10/data_batch_1.bin", [1]);
        Assert.Contains("512 codes", Info(), StringComparison.Ordinal);
        foreach (string file in (string[])["config.json", "model.safetensors"])
            _folder.Write($"cifar10/{file}", File.ReadAllBytes(Path.Combine(trained.Run, file)));
        Assert.Contains("16 codes", Info(), StringComparison.Ordinal);
    }
}
