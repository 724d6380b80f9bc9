using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Nn;

namespace Tessera.Tests.Parity;

/// <summary>
/// Compares the model's parts with the reference notebook's in PyTorch, on every device: residual block (whose skip
/// carries relu(x)), residual stack, encoder for colour and grey, and decoder. Compared are the outputs and the
/// gradients of the input and of all weights.
/// </summary>
public sealed class ModuleParityTests
{
    private const int Hidden = 16, ResidualHidden = 8, CodeDim = 8;

    private static readonly VqVaeOptions Options = new()
    {
        Hidden = Hidden,
        ResidualHidden = ResidualHidden,
        CodeDim = CodeDim,
    };

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void ResidualBlock_agrees_with_PyTorch(int? threads, string? kernels) => Compare(
        "residual_block", threads, kernels, initializer =>
        {
            ResidualBlock block = new(Hidden, ResidualHidden, initializer);
            return (block, x => block.Forward(x));
        });

    [Theory]
    [MemberData(nameof(Devices))]
    public void ResidualStack_agrees_with_PyTorch(int? threads, string? kernels) => Compare(
        "residual_stack", threads, kernels, initializer =>
        {
            ResidualStack stack = new(Hidden, ResidualHidden, layers: 2, initializer);
            return (stack, stack.Forward);
        });

    [Theory]
    [MemberData(nameof(Devices))]
    public void Encoder_agrees_with_PyTorch(int? threads, string? kernels) => Compare(
        "encoder", threads, kernels, initializer =>
        {
            Encoder encoder = new(Options, initializer);
            return (encoder, encoder.Forward);
        });

    [Theory]
    [MemberData(nameof(Devices))]
    public void Encoder_of_grey_images_agrees_with_PyTorch(int? threads, string? kernels) => Compare(
        "encoder_grey", threads, kernels, initializer =>
        {
            Encoder encoder = new(Options with { Channels = 1 }, initializer);
            return (encoder, encoder.Forward);
        });

    [Theory]
    [MemberData(nameof(Devices))]
    public void Decoder_agrees_with_PyTorch(int? threads, string? kernels) => Compare(
        "decoder", threads, kernels, initializer =>
        {
            Decoder decoder = new(Options, initializer);
            return (decoder, decoder.Forward);
        });

    private static void Compare(
        string name, int? threads, string? kernels,
        Func<Initializer, (Module Module, Func<Tensor, Tensor> Forward)> make)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        ParityFixture fixture = ParityFixture.Load("modules");
        (Module module, Func<Tensor, Tensor> forward) = make(new Initializer(seed: 0, device));
        Dictionary<string, Tensor> state = module.StateNamed(fixture.Lines($"parameters/{name}"));
        foreach ((string parameter, Tensor tensor) in state)
        {
            Assert.Equal(fixture.ShapeOf($"{name}/weights/{parameter}"), tensor.Shape);
            tensor.CopyFrom(fixture.Values($"{name}/weights/{parameter}"));
        }

        Tensor x = tape.Variable(fixture.Values($"{name}/x"), fixture.ShapeOf($"{name}/x"));
        Tensor y = forward(x);
        Assert.Equal(fixture.ShapeOf($"{name}/y"), y.Shape);
        tape.Backward(y.WithGradient(fixture.Values($"{name}/dy")));

        fixture.AssertClose($"{name}/y", y, device.Description);
        fixture.AssertClose($"{name}/dx", x.Gradient!, device.Description);
        foreach ((string parameter, Tensor tensor) in state)
        {
            fixture.AssertClose($"{name}/gradients/{parameter}", tensor.Gradient!, device.Description);
        }
    }
}
