using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Parity;

/// <summary>Group normalisation against PyTorch, on every device.</summary>
public sealed class GroupNormParityTests
{
    private readonly ParityFixture _fixture = ParityFixture.Load("normalisation");

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void GroupNorm_agrees_with_PyTorch(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        foreach (bool relu in (bool[])[false, true])
        {
            foreach (string test in _fixture.Lines(relu ? "relu" : "plain"))
            {
                Tensor x = Variable("x"), weight = Variable("weight"), bias = Variable("bias");
                Tensor y = x.GroupNorm(weight, bias, _fixture.Integer($"groups/{test}"), relu);
                tape.Backward(y.WithGradient(_fixture.Values($"{test}/dy")));
                _fixture.AssertClose($"{test}/y", y, device.Description);
                _fixture.AssertClose($"{test}/dx", x.Gradient!, device.Description);
                _fixture.AssertClose($"{test}/dweight", weight.Gradient!, device.Description);
                _fixture.AssertClose($"{test}/dbias", bias.Gradient!, device.Description);
                tape.Reset();

                Tensor Variable(string name) =>
                    tape.Variable(_fixture.Values($"{test}/{name}"), _fixture.ShapeOf($"{test}/{name}"));
            }
        }
    }
}
