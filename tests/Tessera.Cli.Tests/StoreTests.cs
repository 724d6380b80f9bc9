using System.Diagnostics;
using System.Formats.Tar;
using System.Security.Cryptography;
using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Imaging;

namespace Tessera.Cli.Tests;

/// <summary>Packed images on the command line: made, interrupted, trained on, cached.</summary>
public sealed class StoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Images => _folder["images"];

    private string Store => _folder["images.tpk"];

    [Fact]
    public void A_store_and_its_folder_give_the_same_model_evaluation_and_codes()
    {
        MakeImages(24);
        string output = Program.Succeed("data", "pack", Images, "--size", "16", "--out", Store);
        Assert.Contains($"{Store}: 24 images added; 24 in all\n", output, StringComparison.Ordinal);
        // The store says the size.
        string[] ofStore = Program.TinyTraining(Store, _folder["two"], "--updates", "6");
        int size = Array.IndexOf(ofStore, "--size");
        ofStore = [.. ofStore[..size], .. ofStore[(size + 2)..]];
        Program.Succeed(Program.TinyTraining(Images, _folder["one"], "--updates", "6"));
        Program.Succeed(ofStore);
        AssertSame(_folder["one", "model.safetensors"], _folder["two", "model.safetensors"]);
        foreach (string split in (string[])["test", "train", "all"])
        {
            Assert.Equal(
                Program.Succeed("eval", _folder["one"], "--split", split, "--json"),
                Program.Succeed("eval", _folder["two"], "--split", split, "--json"));
        }
        Program.Succeed("encode", _folder["one"], Images, "--out", _folder["one.npy"]);
        Program.Succeed("encode", _folder["one"], Store, "--out", _folder["two.npy"]);
        AssertSame(_folder["one.npy"], _folder["two.npy"]);
    }

    [Fact]
    public void A_classifier_trained_on_a_store_is_that_of_the_folder()
    {
        MakeImages(24);
        Program.Succeed("data", "pack", Images, "--size", "16", "--out", Store);
        foreach ((string data, string run) in new[] { (Images, "one"), (Store, "two") })
            Program.Succeed(
                "classifier", "--data", data, "--size", "16", "--updates", "3", "--batch", "4", "--width", "4",
                "--threads", "1", "--out", _folder[run]);
        AssertSame(_folder["one", "model.safetensors"], _folder["two", "model.safetensors"]);
    }

    [Fact]
    public void Info_of_a_store_shows_what_data_info_shows()
    {
        MakeImages(24);
        Program.Succeed("data", "pack", Images, "--size", "16", "--out", Store);
        string shown = Program.Succeed("info", Store);
        Assert.Contains("16x16x3", shown, StringComparison.Ordinal);
        Assert.Equal(Program.Succeed("data", "info", Store), shown);
    }

    /// <summary>A block is 32 MiB: 42 images of 512x512.</summary>
    [Fact]
    public void Packing_that_was_killed_is_continued_to_the_same_bytes()
    {
        MakeImages(150);
        string[] pack = ["data", "pack", Images, "--size", "512", "--out", Store];
        foreach (int blocks in (int[])[1, 2])
        {
            using Process process = Program.Start(null, pack);
            WaitForLength(process, blocks * 32_000_000L);
            process.Kill();
            process.WaitForExit();
            using ImageStore store = ImageStore.Open(Store);
            Assert.InRange(store.Count, 0, 149);
            Assert.False(store.IsComplete, "a killed store says that it is complete");
        }
        Assert.Contains(" were there by name; 150 in all", Program.Succeed(pack), StringComparison.Ordinal);
        pack[^1] = _folder["whole.tpk"];
        Program.Succeed(pack);
        AssertSame(pack[^1], Store);
        string info = Program.Succeed("data", "info", Store, "--verify");
        Assert.Matches(@"\nsize +512x512x3\n", info);
        Assert.Matches(@"\npacked +completely\n", info);
        Assert.Matches(@"\nchecksums +right\n", info);
    }

    [Fact]
    public void A_signal_keeps_what_was_packed_and_says_how_to_go_on()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no signals to send.");
        MakeImages(150);
        using Process process = Program.Start(null, "data", "pack", Images, "--size", "512", "--out", Store);
        WaitForLength(process, 40_000_000L);
        using (Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"])) kill.WaitForExit();
        Outcome outcome = Program.End(process);
        Assert.Equal(TesseraProgram.Interrupted, outcome.Code);
        Assert.Contains("add the rest with the same command", outcome.Output, StringComparison.Ordinal);
        using ImageStore store = ImageStore.Open(Store);
        Assert.InRange(store.Count, 42, 149);
    }

    [Fact]
    public void Damaged_images_are_named_or_left_out_and_the_store_remembers_them()
    {
        MakeImages(24);
        _folder.Write("images/b/bad.png", [0x89]);
        string[] pack = ["data", "pack", Images, "--size", "16", "--out", Store];
        Assert.Contains("or leave it out with --skip-damaged", Program.Refuse(pack), StringComparison.Ordinal);
        Assert.Contains(
            "1 of 25 images cannot be read and are left out", Program.Succeed([.. pack, "--skip-damaged"]),
            StringComparison.Ordinal);
        Assert.Matches(@"\nleft out +[^\n]*bad\.png", Program.Succeed("data", "info", Store));
        Assert.Contains(
            "1 image was left out when it was packed",
            Program.Succeed(Program.TinyTraining(Store, _folder["run"], "--updates", "2")), StringComparison.Ordinal);
    }

    /// <summary>As if there were no cache: the same model, the same names of damaged images.</summary>
    [Fact]
    public void A_folder_larger_than_the_cache_limit_becomes_a_store_that_is_used_again_until_it_changes()
    {
        MakeImages(24);
        _folder.Write("images/b/bad.png", [0x89]);
        string[] options = ["--updates", "6", "--skip-damaged"];
        Program.Succeed(Program.TinyTraining(Images, _folder["one"], options));
        options = [.. options, "--cache", "0"];
        string first = Program.Succeed(Program.TinyTraining(Images, _folder["two"], options));
        Assert.Contains("25 images of 16x16 are more than --cache 0 bytes; packing", first, StringComparison.Ordinal);
        AssertSame(_folder["one", "model.safetensors"], _folder["two", "model.safetensors"]);
        AssertSame(_folder["one", "skipped.txt"], _folder["two", "skipped.txt"]);

        string again = Program.Succeed(Program.TinyTraining(Images + '/', _folder["three"], options));
        Assert.DoesNotContain("packing", again, StringComparison.Ordinal);
        AssertSame(_folder["one", "model.safetensors"], _folder["three", "model.safetensors"]);
        AssertSame(_folder["one", "skipped.txt"], _folder["three", "skipped.txt"]);
        Assert.Contains(
            "or leave it out with --skip-damaged",
            Program.Refuse(Program.TinyTraining(Images, _folder["no"], "--cache", "0")), StringComparison.Ordinal);

        File.SetLastWriteTimeUtc(Path.Combine(Images, "a", "000.png"), DateTime.UnixEpoch);
        Assert.Contains(
            "packing", Program.Succeed(Program.TinyTraining(Images, _folder["four"], options)),
            StringComparison.Ordinal);
        _folder.Write("images/c/new.png", ImageFile.EncodePng(SyntheticShapes.Image(77, 16)));
        Assert.Contains(
            "26 images of 16x16", Program.Succeed(Program.TinyTraining(Images, _folder["five"], options)),
            StringComparison.Ordinal);
        // What a run resumes with may differ: no bit depends on it.
        Program.Succeed(
            "train", "--resume", "--out", _folder["five"], "--cache", "1GiB", "--updates", "7", Program.NoReport);
    }

    [Fact]
    public void An_archive_of_the_test_split_is_told_and_adds_to_it()
    {
        MakeImages(6);
        TarFile.CreateFromDirectory(Images, _folder["test-0.tar"], includeBaseDirectory: false);
        string output = Program.Succeed("data", "pack", _folder["test-0.tar"], "--size", "16", "--out", Store);
        Assert.Contains("test-0.tar: to test on\n", output, StringComparison.Ordinal);
        Assert.Contains("6: 0 to train on, 6 to test on", Program.Succeed("info", Store), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_input_is_refused_in_one_line()
    {
        MakeImages(6);
        Assert.Contains("--out is missing", Program.Refuse("data", "pack", Images), StringComparison.Ordinal);
        Assert.Contains(
            "must end with .tpk", Program.Refuse("data", "pack", Images, "--out", _folder["x.bin"]),
            StringComparison.Ordinal);
        Assert.Contains(
            "--channels 2: give 1 or 3",
            Program.Refuse("data", "pack", Images, "--channels", "2", "--out", Store), StringComparison.Ordinal);
        Assert.Contains(
            "there is no folder", Program.Refuse("data", "pack", _folder["none"], "--out", Store),
            StringComparison.Ordinal);
        Assert.Contains(
            "is no folder of images, tar archive or Parquet file",
            Program.Refuse("data", "pack", Path.Combine(Images, "a", "000.png"), "--out", Store),
            StringComparison.Ordinal);
        Assert.Contains("there is no such file", Program.Refuse("data", "info", Store), StringComparison.Ordinal);
        Assert.Contains("there is no such file", Program.Refuse("train", "--data", Store), StringComparison.Ordinal);
        _folder.Write("images.tpk", "some text"u8.ToArray());
        Assert.Contains("is no store of images", Program.Refuse("train", "--data", Store), StringComparison.Ordinal);
        File.Delete(Store);
        Program.Succeed("data", "pack", Images, "--size", "16", "--out", Store);
        Assert.Contains(
            "holds images of 16x16, not 32x32",
            Program.Refuse("train", "--data", Store, "--size", "32", "--out", _folder["run"]),
            StringComparison.Ordinal);
        Assert.Contains(
            "--cache much: give a number of bytes",
            Program.Refuse("train", "--data", Images, "--cache", "much"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1000", 1000)]
    [InlineData("2GiB", 1L << 31)]
    [InlineData("1.5mib", 3L << 19)]
    [InlineData("500MB", 500_000_000)]
    [InlineData("7B", 7)]
    public void Numbers_of_bytes_have_units(string text, long expected)
    {
        Assert.True(CommandLine.ByteCounts.TryParse(text, out long bytes), $"{text} was refused");
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GiB")]
    [InlineData("-1")]
    [InlineData("1e300TB")]
    [InlineData("999999999999TiB")]
    public void Other_texts_are_no_numbers_of_bytes(string text) =>
        Assert.False(CommandLine.ByteCounts.TryParse(text, out _), $"{text} was taken");

    private void MakeImages(int count)
    {
        for (int i = 0; i < count; i++)
            _folder.Write(
                $"images/{(char)('a' + i % 3)}/{i:000}.png", ImageFile.EncodePng(SyntheticShapes.Image(i, 16)));
    }

    private void WaitForLength(Process process, long length)
    {
        var clock = Stopwatch.StartNew();
        while (!File.Exists(Store) || new FileInfo(Store).Length < length)
        {
            Assert.False(process.HasExited, "packing ended before it could be interrupted");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), "packing takes too long");
            Thread.Sleep(5);
        }
    }

    private static void AssertSame(string one, string other) => Assert.Equal(
        Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(one))),
        Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(other))));
}
