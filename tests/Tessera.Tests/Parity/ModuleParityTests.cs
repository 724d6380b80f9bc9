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
    private static readonly VqVaeOptions Options = new()
    {
        Hidden = 16,
        ResidualHidden = 8,
        CodeDim = 8,
    };

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void ResidualBlock_agrees_with_PyTorch(int? threads, string? kernels) => Compare(
        "residual_block", threads, kernels, initializer =>
        {
            ResidualBlock block = new(Options, initializer);
            return (block, x => block.Forward(x));
        });

    [Theory]
    [MemberData(nameof(Devices))]
    public void ResidualStack_agrees_with_PyTorch(int? threads, string? kernels) => Compare(
        "residual_stack", threads, kernels, initializer =>
        {
            ResidualStack stack = new(Options, initializer);
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

    /// <summary>Other strides, group normalisation and attention: encoder and decoder.</summary>
    [Theory]
    [MemberData(nameof(Devices))]
    public void Networks_of_other_options_agree_with_PyTorch(int? threads, string? kernels)
    {
        ParityFixture fixture = ParityFixture.Load("networks");
        foreach (string test in fixture.Lines("cases"))
        {
            int[] numbers = [.. fixture.Lines($"options/{test}")[0].Split(' ').Select(int.Parse)];
            VqVaeOptions options =
                Options with { Stride = numbers[0], GroupNorm = numbers[1], Attention = numbers[2] };
            Compare($"{test}/encoder", threads, kernels, initializer =>
            {
                Encoder encoder = new(options, initializer);
                return (encoder, encoder.Forward);
            }, fixture);
            Compare($"{test}/decoder", threads, kernels, initializer =>
            {
                Decoder decoder = new(options, initializer);
                return (decoder, decoder.Forward);
            }, fixture);
        }
    }

    private static void Compare(
        string name, int? threads, string? kernels,
        Func<Initializer, (Module Module, Func<Tensor, Tensor> Forward)> make, ParityFixture? file = null)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        ParityFixture fixture = file ?? ParityFixture.Load("modules");
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
