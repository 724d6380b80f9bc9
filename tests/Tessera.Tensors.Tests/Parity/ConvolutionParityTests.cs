using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Parity;

/// <summary>Both convolutions and all their gradients against PyTorch, on every device.</summary>
public sealed class ConvolutionParityTests
{
    private delegate Tensor Convolution(Tensor x, Tensor weight, Tensor? bias, int stride, int padding);

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void Conv2d_agrees_with_PyTorch(int? threads, string? kernels) =>
        Compare(
            "conv2d", (x, weight, bias, stride, padding) => x.Conv2d(weight, bias, stride, padding), threads, kernels);

    [Theory]
    [MemberData(nameof(Devices))]
    public void ConvTranspose2d_agrees_with_PyTorch(int? threads, string? kernels) =>
        Compare(
            "conv_transpose2d", (x, weight, bias, stride, padding) => x.ConvTranspose2d(weight, bias, stride, padding),
            threads, kernels);

    private static void Compare(string file, Convolution convolution, int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        ParityFixture fixture = ParityFixture.Load(file);
        foreach (string test in fixture.Lines("cases"))
        {
            Compare(fixture, test, convolution, tape);
            tape.Reset();
        }
    }

    private static void Compare(ParityFixture fixture, string test, Convolution convolution, Tape tape)
    {
        ReadOnlySpan<int> settings = fixture.Integers($"{test}/settings");
        (int stride, int padding, bool hasBias) = (settings[1], settings[2], settings[3] != 0);
        Tensor x = tape.Variable(fixture.Values($"{test}/x"), fixture.ShapeOf($"{test}/x"));
        Tensor weight = Parameter($"{test}/weight");
        Tensor? bias = hasBias ? Parameter($"{test}/bias") : null;

        Tensor y = convolution(x, weight, bias, stride, padding);
        Assert.Equal(fixture.ShapeOf($"{test}/y"), y.Shape);
        tape.Backward(y.WithGradient(fixture.Values($"{test}/dy")));

        string where = tape.Device.Description;
        fixture.AssertClose($"{test}/y", y, where);
        fixture.AssertClose($"{test}/dx", x.Gradient!, where);
        fixture.AssertClose($"{test}/dweight", weight.Gradient!, where);
        if (bias is not null) fixture.AssertClose($"{test}/dbias", bias.Gradient!, where);

        Tensor Parameter(string name) =>
            Tensor.From(fixture.Values(name), fixture.ShapeOf(name), tape.Device).AsParameter();
    }
}
