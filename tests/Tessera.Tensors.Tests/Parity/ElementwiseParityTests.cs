using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Parity;

/// <summary>ReLU and the mean squared error against PyTorch, on every device.</summary>
public sealed class ElementwiseParityTests
{
    private readonly ParityFixture _fixture = ParityFixture.Load("elementwise");

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void Relu_agrees_with_PyTorch_to_the_bit(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        Tensor x = Variable(tape, "relu/x");
        Tensor y = x.Relu();
        tape.Backward(y.WithGradient(_fixture.Values("relu/dy")));

        // Equality of floats: the sign of a zero does not matter.
        Assert.Equal(_fixture.Values("relu/y"), y.ToArray());
        Assert.Equal(_fixture.Values("relu/dx"), x.Gradient!.ToArray());
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void MeanSquaredError_agrees_with_PyTorch(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        foreach (string test in _fixture.Lines("cases"))
        {
            Tensor a = Variable(tape, $"{test}/a"), b = Variable(tape, $"{test}/b");
            Tensor loss = a.MeanSquaredError(b);
            tape.Backward(loss);

            _fixture.AssertClose($"{test}/loss", loss, device.Description);
            _fixture.AssertClose($"{test}/da", a.Gradient!, device.Description);
            _fixture.AssertClose($"{test}/db", b.Gradient!, device.Description);
            tape.Reset();
        }
    }

    private Tensor Variable(Tape tape, string name) => tape.Variable(_fixture.Values(name), _fixture.ShapeOf(name));
}
