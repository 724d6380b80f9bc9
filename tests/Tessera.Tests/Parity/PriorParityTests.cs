using Tessera.Priors;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Optim;

namespace Tessera.Tests.Parity;

/// <summary>
/// Compares the prior with PyTorch's on every device: one block, the logits and all gradients of the whole, and 20
/// updates with Adam.
/// </summary>
public sealed class PriorParityTests
{
    private const int Batch = 4;

    private static readonly ParityFixture Fixture = ParityFixture.Load("prior");

    private static readonly CodePriorOptions Options = new()
    {
        Codes = Fixture.Integer("codes"),
        Rows = Fixture.Integer("rows"),
        Columns = Fixture.Integer("columns"),
        Classes = ["first", "second"],
        Width = Fixture.Integer("width"),
        Layers = Fixture.Integer("layers"),
        Heads = Fixture.Integer("heads"),
    };

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_block_agrees_with_PyTorch(int? threads, string? kernels)
    {
        using var device = new CpuDevice(threads, kernels);
        using var tape = new Tape(device);
        using var block = new PriorBlock(
            Options, new Initializer(seed: 0, device), () => new PriorDropout(rate: 0, seed: 0, place: 0));
        Dictionary<string, Tensor> state = Load(block, "block");
        Tensor x = tape.Variable(Fixture.Values("block/x"), Fixture.ShapeOf("block/x"));
        Tensor y = block.Forward(x);
        tape.Backward(y.WithGradient(Fixture.Values("block/dy")));
        Fixture.AssertClose("block/y", y, device.Description);
        Fixture.AssertClose("block/dx", x.Gradient!, device.Description);
        AssertGradients("block", state, device.Description);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void The_logits_and_gradients_agree_with_PyTorch(int? threads, string? kernels)
    {
        using var device = new CpuDevice(threads, kernels);
        using var tape = new Tape(device);
        using var prior = new CodePrior(Options, device: device);
        Dictionary<string, Tensor> state = Load(prior, "prior");
        (Indices inputs, Indices targets) = BatchOf(tape, prior, update: 0);
        Tensor logits = prior.Forward(inputs), loss = logits.CrossEntropy(targets);
        tape.Backward(loss);
        Fixture.AssertClose("prior/logits", logits, device.Description);
        Fixture.AssertClose("prior/loss", loss, device.Description);
        AssertGradients("prior", state, device.Description);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Twenty_updates_agree_with_PyTorch(int? threads, string? kernels)
    {
        using var device = new CpuDevice(threads, kernels);
        using var tape = new Tape(device);
        using var prior = new CodePrior(Options, device: device);
        Dictionary<string, Tensor> state = Load(prior, "prior");
        using var adam = new Adam(prior, (float)Fixture.Number("learning_rate"));
        float[] losses = new float[Fixture.Values("prior/losses").Length];
        for (int update = 0; update < losses.Length; update++)
        {
            (Indices inputs, Indices targets) = BatchOf(tape, prior, update);
            Tensor loss = prior.Forward(inputs).CrossEntropy(targets);
            tape.Backward(loss);
            losses[update] = loss.Item();
            adam.Step();
            prior.ClearGradients();
            tape.Reset();
        }
        Fixture.AssertRowsClose("prior/losses", losses, device.Description);
        foreach ((string name, Tensor tensor) in state)
            Fixture.AssertClose($"prior/final/{name}", tensor, device.Description);
    }

    private static Dictionary<string, Tensor> Load(Module module, string prefix)
    {
        Dictionary<string, Tensor> state = module.StateNamed(Fixture.Lines($"parameters/{prefix}"));
        foreach ((string name, Tensor tensor) in state)
        {
            Assert.Equal(Fixture.ShapeOf($"{prefix}/weights/{name}"), tensor.Shape);
            tensor.CopyFrom(Fixture.Values($"{prefix}/weights/{name}"));
        }
        return state;
    }

    private static (Indices Inputs, Indices Targets) BatchOf(Tape tape, CodePrior prior, int update)
    {
        int count = Batch * Options.Length;
        Shape shape = [Batch, Options.Length];
        return (
            tape.Indices(Fixture.Integers("prior/inputs").Slice(update * count, count), shape, prior.Inputs),
            tape.Indices(Fixture.Integers("prior/targets").Slice(update * count, count), shape, Options.Codes));
    }

    private static void AssertGradients(string prefix, Dictionary<string, Tensor> state, string where)
    {
        foreach ((string name, Tensor tensor) in state)
            Fixture.AssertClose($"{prefix}/gradients/{name}", tensor.Gradient!, where);
    }
}
