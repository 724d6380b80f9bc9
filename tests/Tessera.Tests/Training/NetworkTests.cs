using System.Text.Json.Nodes;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tests.Runs;
using Tessera.Training;

namespace Tessera.Tests.Training;

/// <summary>Runs of networks of other strides, with group normalisation, attention and two levels.</summary>
public sealed class NetworkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<int, int, int, bool> Networks() => new()
    {
        { 2, 0, 0, false },
        { 8, 4, 0, false },
        { 4, 0, 2, false },
        { 16, 2, 4, false },
        { 4, 0, 0, true },
        { 2, 4, 2, true },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Networks))]
    public void One_two_and_three_threads_and_a_resumed_run_write_the_same_bytes(
        int stride, int groups, int heads, bool top)
    {
        TrainingOptions options = OptionsOf(stride, groups, heads, top);
        foreach (int threads in (int[])[1, 2, 3])
        {
            using SmallTrainer trainer = SmallRun.Start(_folder[$"run{threads}"], options with { Threads = threads });
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        using (var stop = new CancellationTokenSource())
        using (SmallTrainer first = SmallRun.Start(_folder["parts"], options))
        {
            var progress = new Reports(report =>
            {
                if (report.Update == 7) stop.Cancel();
            });
            Assert.Throws<OperationCanceledException>(() => first.Run(progress, stop.Token));
        }
        using (SmallTrainer second = SmallRun.Resume(_folder["parts"]))
        {
            Assert.Equal(options.Model, second.Model.Options);
            second.Run(cancellation: TestContext.Current.CancellationToken);
        }
        Dictionary<string, string> one = SmallRun.Files(_folder["run1"], 24);
        Assert.Equal(one, SmallRun.Files(_folder["run2"], 24));
        Assert.Equal(one, SmallRun.Files(_folder["run3"], 24));
        Assert.Equal(one, SmallRun.Files(_folder["parts"], 24));
    }

    /// <summary>A device records an update: it is the same work on the same memory each time.</summary>
    [Fact]
    public void Every_update_submits_the_same_primitives_on_the_same_storages()
    {
        TrainingOptions options = OptionsOf(8, 4, 2) with { Budget = TrainingBudget.OfUpdates(8) };
        using var device = new RecordingDevice();
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], options, device);
        trainer.Run(cancellation: TestContext.Current.CancellationToken);
        Assert.Contains(
            device.Primitives[1], primitive => primitive.StartsWith("GroupNorm(", StringComparison.Ordinal));
        Assert.DoesNotContain(
            device.Primitives[1], primitive => primitive.StartsWith("Download(", StringComparison.Ordinal));
        Assert.All(device.Primitives[2..], primitives => Assert.Equal(device.Primitives[1], primitives));
    }

    /// <summary>A config.json of an older version has none of the network's options.</summary>
    [Fact]
    public void A_config_without_the_networks_options_is_the_reference_notebooks_network()
    {
        SmallRun.Start(_folder["run"], SmallRun.Options).Dispose();
        JsonNode config = JsonNode.Parse(File.ReadAllText(_folder["run", "config.json"]))!;
        JsonObject model = config["options"]!["model"]!.AsObject();
        foreach (string name in (string[])["stride", "groupNorm", "attention"])
            Assert.True(model.Remove(name), $"config.json has no {name}.");
        File.WriteAllText(_folder["run", "config.json"], config.ToJsonString());
        Assert.Equal(SmallRun.Options.Model, TokenizerRun.Open(_folder["run"]).Options.Model);
    }

    [Theory]
    [InlineData(8, 24, "must be a multiple of 8")]
    [InlineData(16, 24, "must be a multiple of 16")]
    public void A_size_that_no_code_divides_is_refused(int stride, int side, string message)
    {
        TrainingOptions options = OptionsOf(stride, 0, 0) with { Size = new ImageSize(side, 48) };
        if (stride == 8) options = options with { Size = new ImageSize(side + 4, 48) };
        Assert.Contains(
            message, Assert.Throws<InputException>(options.Validate).Message, StringComparison.Ordinal);
    }

    /// <summary>Pictures of any size, square or not, become codes and pictures of the same size.</summary>
    [Theory]
    [MemberData(nameof(Networks))]
    public void Images_that_are_not_square_keep_their_size(int stride, int groups, int heads, bool top)
    {
        using var model = new VqVae(OptionsOf(stride, groups, heads, top).Model, seed: 2);
        int cell = model.Options.PixelsPerCode;
        using var tape = new Tape(Device.Default, recording: false);
        Tensor images = tape.Allocate([2, 3 * cell, 5 * cell, 3]);
        images.Fill(0.1f);
        Indices codes = model.Encode(images);
        Assert.Equal(top ? new Shape(2, 3, 5, 5) : new Shape(2, 3, 5), codes.Shape);
        Assert.Equal(images.Shape, model.Decode(codes).Shape);
        Assert.Throws<ArgumentException>(() => model.Encode(tape.Allocate([1, 3 * cell, 5 * cell + 1, 3])));
    }

    private static TrainingOptions OptionsOf(int stride, int groups, int heads, bool top = false) =>
        SmallRun.Options with
        {
            Model = SmallRun.Options.Model with
            {
                Stride = stride,
                GroupNorm = groups,
                Attention = heads,
                Hidden = 32,
                ResidualHidden = 8,
                Cell = new() { Top = top },
            },
        };
}
