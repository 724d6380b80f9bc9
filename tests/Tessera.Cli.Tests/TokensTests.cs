using System.Diagnostics;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Tensors.IO;
using Tessera.Tokens;

namespace Tessera.Cli.Tests;

/// <summary><c>tessera encode</c> and <c>tessera decode</c>.</summary>
public sealed class TokensTests(Trained trained) : IDisposable
{
    private const int All = Trained.TrainCount + Trained.TestCount;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null, All)]
    [InlineData("test", Trained.TestCount)]
    [InlineData("train", Trained.TrainCount)]
    public void Encoding_then_decoding_equals_the_reconstruction(string? split, int count)
    {
        string[] args = split is null ? [] : ["--split", split];
        string output = Program.Succeed(["encode", trained.Run, "--out", _folder["tokens.npy"], .. args]);
        Assert.Equal($"{_folder["tokens.npy"]}: codes [{count}, 4, 4], uint16, 0 to 15\n", output);
        output = Program.Succeed("decode", trained.Run, _folder["tokens.npy"], "--out", _folder["images"]);
        Assert.Equal($"{_folder["images"]}: {count} images of 16x16\n", output);

        string digits = count > 10 ? "D2" : "D1";
        Assert.Equal(
            Enumerable.Range(0, count).Select(i => $"{i.ToString(digits)}.png"),
            TemporaryFolder.NamesIn(_folder["images"]));
        using var tokenizer = Tokenizer.Open(trained.Run);
        ImageSet images = ImageFolder.Load(
            trained.Images, split is null ? Split.All : Enum.Parse<Split>(split, ignoreCase: true), 16,
            cancellation: TestContext.Current.CancellationToken);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(
                tokenizer.Reconstruct(images.Image(i)).Pixels,
                ImageFile.Read(_folder["images", $"{i.ToString(digits)}.png"]).Pixels);
        }
    }

    [Fact]
    public void Image_files_are_encoded_and_a_grid_decoded()
    {
        ImageFile.WritePng(_folder["a.png"], ImageTransform.Fit(SyntheticShapes.Image(3, 64), 50, 21, 3));
        Program.Succeed(
            "encode", trained.Model, _folder["a.png"], _folder["a.png"], "--size", "24",
            "--out", _folder["tokens.npz"]);
        Assert.Equal([2, 6, 6], Shape(_folder["tokens.npz"], "codes"));
        Program.Succeed("decode", trained.Model, _folder["tokens.npz"], "--out", _folder["grid.png"]);
        Image grid = ImageFile.Read(_folder["grid.png"]);
        Assert.Equal((2 * (24 + 2) + 2, 24 + 2 * 2), (grid.Width, grid.Height));
    }

    /// <summary>A folder in place of image files is the same as --data FOLDER.</summary>
    [Theory]
    [InlineData]
    [InlineData("--data")]
    public void Labels_are_the_classes_of_the_folders(params string[] option)
    {
        foreach ((string name, int number) in new[] { ("ant/1.png", 1), ("bee/1.png", 2), ("ant/2.png", 3) })
            _folder.Write($"images/{name}", ImageFile.EncodePng(SyntheticShapes.Image(number, 16)));
        string output = Program.Succeed(
            ["encode", trained.Run, .. option, _folder["images"], "--labels", "--out", _folder["tokens.npz"]]);
        Assert.EndsWith("codes [3, 4, 4], uint16, 0 to 15; labels of 2 classes\n", output, StringComparison.Ordinal);
        using NpyReader reader = NpyReader.Open(_folder["tokens.npz"], "labels");
        int[] labels = new int[3];
        reader.Read(labels);
        Assert.Equal([0, 0, 1], labels);
    }

    [Fact]
    public void Neither_the_default_output_nor_a_folder_is_overwritten()
    {
        string[] encode = ["encode", trained.Run, "--split", "test"];
        Assert.Equal(0, Program.End(Program.Start(_folder.Path, encode)).Code);
        Outcome second = Program.End(Program.Start(_folder.Path, encode));
        Assert.Equal(TesseraProgram.WrongInput, second.Code);
        Assert.Contains("tokens.npy exists already", second.Error, StringComparison.Ordinal);
        Program.Succeed([.. encode, "--out", _folder["tokens.npy"]]);

        Program.Succeed("decode", trained.Run, _folder["tokens.npy"], "--out", _folder["decoded"]);
        Assert.Contains(
            "exists already",
            Program.Refuse("decode", trained.Run, _folder["tokens.npy"], "--out", _folder["decoded"]));
        Program.Succeed("decode", trained.Run, _folder["tokens.npy"], "--out", _folder["grid.png"]);
        Program.Succeed("decode", trained.Run, _folder["tokens.npy"], "--out", _folder["grid.png"]);
        Assert.Equal(["decoded", "grid.png", "tokens.npy"], _folder.Names);
    }

    [Fact]
    public void Encode_refuses_wrong_arguments_and_writes_nothing()
    {
        _folder.Write("broken/1.png", [0x89, (byte)'P', (byte)'N', (byte)'G', 1, 2, 3]);
        string[] before = _folder.Names;
        foreach ((string[] args, string reason) in new (string[], string)[]
        {
            (["--out", _folder["a.txt"]], ".npy or .npz"),
            (["--labels", "--out", _folder["a.npy"]], ".npz"),
            (["--out", _folder["no", "a.npy"]], "folder"),
            (["--out", _folder["a.npy"], "--data", _folder["broken"]], "1.png"),
            (["--out", _folder["a.npy"], _folder["no.png"]], "no.png"),
            (["--out", _folder["a.npy"], _folder["broken"]], "1.png"),
            (["--out", _folder["a.npy"], _folder["broken"], _folder["broken", "1.png"]], "name it alone"),
            (["--out", _folder["a.npy"], _folder["broken"], "--data", "shapes"], "--data"),
            (["--out", _folder["a.npz"], _folder["broken", "1.png"], "--labels"], "--labels"),
            (["--out", _folder["a.npy"], _folder["broken", "1.png"], "--data", "shapes"], "--data"),
            (["--out", _folder["a.npy"], "--size", "30"], "--size"),
        })
        {
            Assert.Contains(reason, Program.Refuse(["encode", trained.Run, .. args]), StringComparison.Ordinal);
            Assert.Equal(before, _folder.Names);
        }
        Assert.Contains(
            "--data", Program.Refuse("encode", trained.Model, "--out", _folder["a.npy"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_refuses_wrong_arguments_and_writes_nothing()
    {
        string npy = Repository.Fixture("npy", "uint16.npy"), result = _folder["out"];
        foreach ((string[] args, string reason) in new (string[], string)[]
        {
            ([npy, "--out", result], "image 1 has the code 16 at row 1, column 0; the model's are 0 to 15"),
            ([Repository.Fixture("npy", "vector.npy"), "--out", result], "[images, rows, columns]"),
            ([Repository.Fixture("npy", "float32.npy"), "--out", result], "'<f4'"),
            ([Repository.Fixture("npy", "empty.npy"), "--out", result], "no codes"),
            ([_folder["missing.npy"], "--out", result], "missing.npy"),
            (["", "--out", result], "empty"),
            ([npy, "--out", _folder["no", "grid.png"]], "folder"),
            ([trained.Model, "--out", result], "model.safetensors"),
        })
        {
            Assert.Contains(reason, Program.Refuse(["decode", trained.Run, .. args]), StringComparison.Ordinal);
            Assert.Empty(_folder.Names);
        }
        Assert.Contains("TOKENS", Program.Refuse("decode", trained.Run), StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_is_reported_in_one_line_and_nothing_is_left()
    {
        using SmallDisk disk = SmallDisk.Mount(_folder, kibibytes: 32);
        Program.Succeed("encode", trained.Run, "--out", _folder["tokens.npy"]);
        Assert.Contains(
            "disk is full", Program.Refuse("decode", trained.Run, _folder["tokens.npy"], "--out", disk["images"]));
        Program.Succeed("encode", trained.Run, "--out", disk["tokens.npy"]);
        Assert.Contains(
            "disk is full",
            Program.Refuse("encode", trained.Run, "--data", "shapes", "--size", "16", "--out", disk["tokens.npy"]));
        Assert.Equal(["tokens.npy"], TemporaryFolder.NamesIn(disk.Path));
        using var tokens = NpyReader.Open(disk["tokens.npy"]);
        Assert.Equal(All, tokens.Shape[0]);
    }

    [Fact]
    public void An_interrupted_command_leaves_nothing()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no signals to send.");
        using Process process = Program.Start(
            _folder.Path, "encode", "cifar10", "--data", "shapes", "--split", "train", "--threads", "1",
            "--out", "tokens.npy");
        // Encoding has started when its temporary file exists.
        while (_folder.Names.Length == 0 && !process.HasExited) Thread.Sleep(5);
        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"])) kill.WaitForExit();
        Outcome outcome = Program.End(process);
        Assert.Equal((TesseraProgram.Interrupted, "tessera: interrupted"), (outcome.Code, outcome.Error.TrimEnd()));
        Assert.Empty(_folder.Names);
    }

    private static IReadOnlyList<int> Shape(string path, string array)
    {
        using NpyReader reader = NpyReader.Open(path, array);
        return reader.Shape;
    }
}
