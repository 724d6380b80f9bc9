using System.Text.Json;
using System.Text.Json.Nodes;
using Tessera.Tensors.Devices;
using Tessera.Training;

namespace Tessera.Cli.Tests;

/// <summary>The option --device.</summary>
public sealed class DeviceTests(Trained trained)
{
    public static TheoryData<string> Computing =>
        ["train", "eval", "reconstruct", "report", "encode", "decode", "bench"];

    [Theory]
    [MemberData(nameof(Computing))]
    public void An_unknown_device_is_refused_with_the_names_and_nothing_is_written(string command)
    {
        using var folder = new TemporaryFolder();
        foreach (string device in (string[])["gpu", "cpu:x"])
        {
            string line = Program.Refuse([.. Arguments(command, folder), "--device", device]);
            Assert.StartsWith($"--device {device}: ", line, StringComparison.Ordinal);
            Assert.EndsWith($"choose one of {string.Join(", ", Device.Names)}", line, StringComparison.Ordinal);
        }
        Assert.Empty(TemporaryFolder.NamesIn(folder.Path));
    }

    [Theory]
    [MemberData(nameof(Computing))]
    public void Every_command_that_computes_takes_a_device_and_threads(string command)
    {
        using var folder = new TemporaryFolder();
        if (command == "decode") Program.Succeed("encode", trained.Run, "--out", folder["codes.npy"]);
        string[] arguments = [.. Arguments(command, folder), "--device", "cpu"];
        Program.Succeed(arguments.Contains("--threads") ? arguments : [.. arguments, "--threads", "2"]);
    }

    [Fact]
    public void Info_without_a_run_lists_the_devices()
    {
        string[] lines = Program.Succeed("info").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, line => line.StartsWith("cuda", StringComparison.Ordinal));
        string taken = Assert.Single(
            lines, line => line.Contains("--device auto takes it", StringComparison.Ordinal));
        Assert.Contains($"{Environment.ProcessorCount} logical processors", taken, StringComparison.Ordinal);
    }

    /// <summary>On a machine without a GPU.</summary>
    [Fact]
    public void A_missing_gpu_is_refused_with_what_is_missing()
    {
        FoundDevice gpu = Device.Kinds.Single(kind => kind.Name == "cuda").Find()[0];
        if (gpu.Fault is null) return;
        Assert.Equal(
            $"--device cuda: cuda cannot be used: {gpu.Fault}",
            Program.Refuse("eval", trained.Run, "--device", "cuda"));
        Assert.StartsWith(
            "--device cuda:7: this machine has no device", Program.Refuse("eval", trained.Run, "--device", "cuda:7"),
            StringComparison.Ordinal);
    }

    /// <summary>That is, at the self-check.</summary>
    [Fact]
    public void A_device_that_computes_wrong_is_passed_over_in_one_line_and_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        FaultyDevice.MakePresent();
        string line = $"{FaultyDevice.Name}:0 is not used: {FaultyDevice.Fault}";
        foreach (string command in (string[])["train", "eval", "encode", "decode"])
        {
            Outcome outcome = Program.Run(Arguments(command, folder));
            Assert.Equal((0, line), (outcome.Code, outcome.Error.TrimEnd()));
            if (command == "train") Assert.Contains("device: cpu, ", outcome.Output, StringComparison.Ordinal);
        }
        Assert.Equal(
            $"--device {FaultyDevice.Name}: {FaultyDevice.Fault}",
            Program.Refuse("eval", trained.Run, "--device", FaultyDevice.Name));

        string[] devices = Program.Succeed("info").Split('\n');
        Assert.Contains(
            devices, row => row.StartsWith(FaultyDevice.Name, StringComparison.Ordinal)
                && row.TrimEnd().EndsWith($"cannot be used: {FaultyDevice.Fault}", StringComparison.Ordinal));
        Assert.StartsWith(
            "cpu", Assert.Single(devices, row => row.Contains("--device auto takes it", StringComparison.Ordinal)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_precision_that_the_device_has_not_is_refused()
    {
        Assert.StartsWith(
            "--device cpu: the processor multiplies in float32",
            Program.Refuse("eval", trained.Run, "--device", "cpu", "--precision", "bfloat16"),
            StringComparison.Ordinal);
        Program.Succeed("eval", trained.Run, "--device", "cpu", "--precision", "float32");
        Program.Refuse("eval", trained.Run, "--precision", "half");
    }

    [Theory]
    [InlineData("info")]
    [InlineData("convert")]
    [InlineData("export")]
    public void Commands_that_compute_nothing_take_no_device(string command) =>
        Assert.StartsWith(
            "there is no option --device", Program.Refuse(command, trained.Run, "--device", "cpu"),
            StringComparison.Ordinal);

    [Fact]
    public void The_run_records_its_device_and_a_resumed_run_can_change_it()
    {
        using var folder = new TemporaryFolder();
        string run = folder["run"];
        Program.Succeed(Program.TinyTraining(trained.Images, run, "--device", "cpu:0"));
        Assert.Equal("cpu:0", StoredDevice(run));
        Assert.Equal(File.ReadAllBytes(trained.Model), File.ReadAllBytes(folder["run", "model.safetensors"]));

        Program.Refuse("train", "--resume", "--out", run, "--device", "gpu");
        Assert.Equal("cpu:0", StoredDevice(run));
        Program.Succeed("train", "--resume", "--out", run, "--device", "cpu", "--updates", "40", Program.NoReport);
        Assert.Equal("cpu", StoredDevice(run));
        Assert.Equal("auto", StoredDevice(trained.Run));
    }

    [Fact]
    public void A_run_of_a_version_without_devices_is_evaluated_and_resumed()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder), config = Path.Combine(run, "config.json");
        JsonNode node = JsonNode.Parse(File.ReadAllText(config))!;
        Assert.True(node["options"]!.AsObject().Remove("device"));
        File.WriteAllText(config, node.ToJsonString());
        Program.Succeed("eval", run);
        Assert.Equal(Device.Auto, TokenizerRun.Open(run).Options.Device);
        Program.Succeed("train", "--resume", "--out", run, "--updates", "40", Program.NoReport);
        Assert.Equal(Device.Auto, StoredDevice(run));
    }

    private string[] Arguments(string command, TemporaryFolder folder) => command switch
    {
        "train" => Program.TinyTraining(trained.Images, folder["run"]),
        "bench" =>
        [
            "bench", "--size", "8", "--batch", "2", "--hidden", "8", "--residual-hidden", "4", "--codes", "16",
            "--code-dim", "4", "--seconds", "0.01",
        ],
        "eval" => ["eval", trained.Run],
        "decode" => ["decode", trained.Run, folder["codes.npy"], "--out", folder["images"]],
        "encode" => ["encode", trained.Run, "--out", folder["codes.npy"]],
        "reconstruct" => ["reconstruct", trained.Run, "--out", folder["images.png"]],
        _ => [command, trained.Run, "--out", folder["out"]],
    };

    private static string StoredDevice(string run)
    {
        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "config.json")));
        return config.RootElement.GetProperty("options").GetProperty("device").GetString()!;
    }
}
