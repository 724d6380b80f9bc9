using System.Diagnostics;
using System.IO.Pipes;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Runs;
using Tessera.Tensors.IO;
using Tessera.Training;

namespace Tessera.Cli.Tests;

/// <summary>
/// Wrong files and folders: exit code 2, one line that names them, no file lost and none half-written.
/// </summary>
public sealed class BadInputTests(Trained trained)
{
    private const string Codebook = "_vq_vae._embedding.weight";

    public static TheoryData<string, string> Damages => new()
    {
        { "missing", Codebook },
        { "misshapen", "_decoder._conv_1.weight" },
        { "nan", "_encoder._conv_2.bias" },
        { "infinite", Codebook },
        { "truncated", "model.safetensors" },
        { "empty", "model.safetensors" },
        { "foreign", "model.safetensors" },
    };

    [Theory]
    [InlineData("TESSERA_KERNELS", "vector512, vector256, vector128, reference")]
    [InlineData("TESSERA_CONVOLUTIONS", "direct, winograd")]
    public void A_wrong_environment_variable_is_refused_with_its_allowed_values(string variable, string names)
    {
        using Process process = Program.Start(folder: null, start => start.Environment[variable] = "fast", "bench");
        Outcome outcome = Program.End(process);
        Assert.Equal(
            (TesseraProgram.WrongInput, $"tessera: {variable} is \"fast\"; unset it or choose one of {names}"),
            (outcome.Code, outcome.Error.TrimEnd()));
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_model_is_refused_by_every_command(string damage, string named)
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        Damage(Path.Combine(run, "model.safetensors"), damage, named);
        Assert.Contains(named, Program.Refuse("eval", run), StringComparison.Ordinal);
        Assert.Contains(named, Program.Refuse("info", run), StringComparison.Ordinal);
        Assert.Contains(
            named, Program.Refuse("reconstruct", run, "--out", folder["grid.png"]), StringComparison.Ordinal);
        Assert.Contains(named, Program.Refuse(
            Program.TinyTraining(trained.Images, folder["new"], "--init", run)), StringComparison.Ordinal);
        Assert.Equal(["copy"], TemporaryFolder.NamesIn(folder.Path));
    }

    [Theory]
    [InlineData("surplus", "_odd")]
    [MemberData(nameof(Damages))]
    public void A_damaged_checkpoint_is_not_resumed_and_stays(string damage, string named)
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        string file = Path.Combine(run, "checkpoints", "30", "model.safetensors");
        Damage(file, damage, named);
        byte[] damaged = File.ReadAllBytes(file);
        Assert.Contains(
            named, Program.Refuse("train", "--resume", "--out", run, "--updates", "40"), StringComparison.Ordinal);
        Assert.Equal(damaged, File.ReadAllBytes(file));
        Assert.Equal(File.ReadAllBytes(trained.Model), File.ReadAllBytes(Path.Combine(run, "model.safetensors")));
        Assert.Equal(
            File.ReadAllText(Path.Combine(trained.Run, "eval.csv")), File.ReadAllText(Path.Combine(run, "eval.csv")));
    }

    [Theory]
    [InlineData("config.json", "")]
    [InlineData("config.json", "{ \"version\": ")]
    [InlineData("config.json", "{ \"version\": \"1\", \"options\": null }")]
    [InlineData("config.json", "{ \"version\": \"1\", \"options\": { \"batch\": -1 } }")]
    [InlineData("config.json", "{ \"version\": \"1\", \"options\": { \"model\": null } }")]
    [InlineData("config.json", "{ \"version\": \"1\", \"options\": { \"data\": null } }")]
    [InlineData("config.json", "{ \"version\": \"1\", \"options\": { \"future\": 1 } }")]
    [InlineData("config.json", "{ \"version\": \"1\", \"options\": { \"model\": { \"quantizer\": {} } } }")]
    [InlineData("checkpoints/30/state.json", "null")]
    [InlineData("checkpoints/30/state.json", "{ \"update\": 31 }")]
    [InlineData("eval.csv", "something else")]
    public void Damaged_text_files_of_a_run_are_named(string name, string content)
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        File.WriteAllText(Path.Combine(run, name), content);
        Assert.Contains(
            Path.GetFileName(name), Program.Refuse("train", "--resume", "--out", run), StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_without_its_optimizer_is_not_resumed()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        File.Delete(Path.Combine(run, "checkpoints", "30", "optimizer.safetensors"));
        Assert.Contains(
            "optimizer.safetensors", Program.Refuse("train", "--resume", "--out", run), StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_that_is_no_run_is_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("nowhere", Program.Refuse("eval", folder["nowhere"]), StringComparison.Ordinal);
        Assert.Contains(folder.Path, Program.Refuse("eval", folder.Path), StringComparison.Ordinal);
        Assert.Contains(
            "nowhere", Program.Refuse("train", "--resume", "--out", folder["nowhere"]), StringComparison.Ordinal);
        Assert.Contains(
            folder.Path, Program.Refuse("train", "--resume", "--out", folder.Path), StringComparison.Ordinal);
        Assert.Contains(
            "01.png", Program.Refuse("info", Path.Combine(trained.Images, "test", "01.png")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_existing_folder_is_never_trained_into()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        Assert.Contains(
            "--resume", Program.Refuse(Program.TinyTraining(trained.Images, run)), StringComparison.Ordinal);
        Assert.Equal(TemporaryFolder.NamesIn(trained.Run), TemporaryFolder.NamesIn(run));
        File.WriteAllText(folder["file"], "mine");
        Program.Refuse(Program.TinyTraining(trained.Images, folder["file"]));
        Assert.Equal("mine", File.ReadAllText(folder["file"]));
    }

    [Fact]
    public void A_run_folder_that_cannot_be_created_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "mine");
        string line = Program.Refuse(Program.TinyTraining(trained.Images, folder["file", "run"]));
        Assert.Contains(folder["file"], line, StringComparison.Ordinal);
        Assert.Equal(["file"], TemporaryFolder.NamesIn(folder.Path));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(80)]
    public void A_full_disk_is_reported_and_leaves_nothing_half_written(int kibibytes)
    {
        using var folder = new TemporaryFolder();
        using SmallDisk disk = SmallDisk.Mount(folder, kibibytes);
        string run = Path.Combine(disk.Path, "run");
        string line = Program.Refuse(Program.TinyTraining(
            trained.Images, run, "--hidden", "16", "--checkpoint-every", "5"));
        Assert.Contains("disk is full", line, StringComparison.Ordinal);
        if (!Directory.Exists(run)) return;
        foreach (string file in Directory.EnumerateFileSystemEntries(run, "*", SearchOption.AllDirectories))
            Assert.DoesNotContain("tmp", Path.GetFileName(file), StringComparison.Ordinal);
        foreach (Checkpoint checkpoint in TokenizerRun.Open(run).Checkpoints())
            Program.Succeed("info", checkpoint.Path);
    }

    [Fact]
    public void A_folder_without_read_permission_is_refused()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has another kind of permissions.");
        if (Environment.IsPrivilegedProcess) Assert.Skip("The superuser can read every folder.");
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder), checkpoints = Path.Combine(run, "checkpoints");
        Directory.CreateDirectory(folder["closed"]);
        foreach (string closed in new[] { checkpoints, folder["closed"] }) SetMode(closed, UnixFileMode.None);
        Assert.Contains(checkpoints, Program.Refuse("eval", run), StringComparison.Ordinal);
        Assert.Contains(checkpoints, Program.Refuse("train", "--resume", "--out", run), StringComparison.Ordinal);
        Assert.Contains(
            "permission", Program.Refuse(Program.TinyTraining(trained.Images, folder["closed"])),
            StringComparison.Ordinal);
        Assert.Contains(
            "permission", Program.Refuse(Program.TinyTraining(folder["closed"], folder["new"])),
            StringComparison.Ordinal);
        foreach (string closed in new[] { checkpoints, folder["closed"] })
            SetMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void Unusable_folders_are_refused_and_no_run_starts()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["empty"]);
        Directory.CreateDirectory(folder["broken"]);
        Directory.CreateDirectory(folder["one"]);
        for (int i = 0; i < 40; i++) ImageFile.WritePng(folder["broken", $"{i}.png"], SyntheticShapes.Image(i, 16));
        byte[] whole = File.ReadAllBytes(folder["broken", "7.png"]);
        File.WriteAllBytes(folder["broken", "7.png"], whole[..(whole.Length / 2)]);
        ImageFile.WritePng(folder["one", "only.png"], SyntheticShapes.Image(0, 16));
        foreach ((string data, string named) in new[]
        {
            (folder["nowhere"], "nowhere"), (folder["empty"], "empty"), (folder["broken"], "7.png"),
            (folder["one"], "one"), (folder["broken", "1.png"], "1.png"),
        })
        {
            Assert.Contains(named, Program.Refuse(Program.TinyTraining(data, folder["run"])), StringComparison.Ordinal);
            Assert.False(Directory.Exists(folder["run"]));
        }
    }

    [Theory]
    [InlineData("--codes", "--codes", "1048576", "--code-dim", "8192")]
    [InlineData("batch", "--batch", "65536", "--size", "128")]
    public void Sizes_too_large_for_one_tensor_are_refused_and_no_run_starts(string named, params string[] options)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(
            named, Program.Refuse(Program.TinyTraining(trained.Images, folder["run"], options)),
            StringComparison.Ordinal);
        Assert.Empty(TemporaryFolder.NamesIn(folder.Path));
    }

    [Fact]
    public void A_run_whose_model_is_not_finite_fails_and_writes_no_model()
    {
        using var folder = new TemporaryFolder();
        string line = Program.Fail(TesseraProgram.Failed, Program.TinyTraining(
            trained.Images, folder["run"], "--updates", "1", "--lr", "1e30"));
        Assert.Contains("learning rate", line, StringComparison.Ordinal);
        Assert.Equal(["config.json", "eval.csv", "metrics.csv", "series.csv"], TemporaryFolder.NamesIn(folder["run"]));
    }

    [Fact]
    public void After_deleting_a_damaged_checkpoint_the_run_resumes_from_the_one_before()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder), newest = Path.Combine(run, "checkpoints", "30");
        File.WriteAllText(Path.Combine(newest, "state.json"), "{");
        Assert.Contains(
            $"delete {newest}", Program.Refuse("train", "--resume", "--out", run), StringComparison.Ordinal);
        Directory.Delete(newest, recursive: true);
        Program.Succeed("train", "--resume", "--out", run);
        Assert.Equal(File.ReadAllBytes(trained.Model), File.ReadAllBytes(Path.Combine(run, "model.safetensors")));
    }

    [Fact]
    public void A_pipe_is_refused()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Only Linux gives an open pipe a path.");
        using var folder = new TemporaryFolder();
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        string path = $"/proc/self/fd/{pipe.GetClientHandleAsString()}";
        Assert.Contains("pipe", Program.Refuse("info", path), StringComparison.Ordinal);
        Assert.Contains(
            "pipe", Program.Refuse("reconstruct", trained.Run, path, "--out", folder["a.png"]),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Another_size_of_cifar_10_is_refused_before_the_search_for_its_files()
    {
        using var folder = new TemporaryFolder();
        string line = Program.Refuse(
            Program.TinyTraining("cifar10", folder["run"], "--data-dir", folder.Path, "--size", "64"));
        Assert.EndsWith("not 64x64; leave the size out (--size 64x64)", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_one_colour_are_refused_and_no_run_starts()
    {
        using var folder = new TemporaryFolder();
        foreach (string split in new[] { "train", "test" })
        {
            Directory.CreateDirectory(folder["images", split]);
            ImageFile.WritePng(folder["images", split, "black.png"], Image.Black(16, 16, 3));
        }
        Assert.Contains(
            "colour", Program.Refuse(Program.TinyTraining(folder["images"], folder["run"])),
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void Damaged_cifar_10_is_refused_and_no_run_starts()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["cifar-10-batches-bin"]);
        foreach (string name in new[]
        {
            "data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch",
        })
            File.WriteAllBytes(folder["cifar-10-batches-bin", $"{name}.bin"], new byte[1000]);
        string line = Program.Refuse(
            Program.TinyTraining("cifar10", folder["run"], "--data-dir", folder.Path, "--size", "32"));
        Assert.Contains("data_batch_1.bin", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]));
        Program.Refuse("data", "cifar10", "--data-dir", folder.Path);
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, mode);
    }

    private static void Damage(string path, string damage, string named)
    {
        byte[] bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "truncated":
                File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
                return;
            case "empty":
                File.WriteAllBytes(path, []);
                return;
            case "foreign":
                File.WriteAllText(path, "This file is not a model.");
                return;
        }
        TensorFile file = SafeTensors.Read(path);
        IEnumerable<TensorEntry> tensors = damage switch
        {
            "missing" => file.Tensors.Where(tensor => tensor.Name != named),
            "surplus" => file.Tensors.Append(new TensorEntry(named, [1], new float[1])),
            "misshapen" => file.Tensors.Select(tensor => tensor.Name != named
                ? tensor
                : tensor with { Shape = [.. tensor.Shape.Reverse()] }),
            "nan" => Spoilt(file, named, float.NaN),
            _ => Spoilt(file, named, float.NegativeInfinity),
        };
        SafeTensors.Write(path, [.. tensors], file.Metadata);
    }

    private static IEnumerable<TensorEntry> Spoilt(TensorFile file, string named, float value) =>
        file.Tensors.Select(tensor =>
        {
            if (tensor.Name != named) return tensor;
            float[] values = tensor.Values.ToArray();
            values[^1] = value;
            return tensor with { Values = values };
        });
}
