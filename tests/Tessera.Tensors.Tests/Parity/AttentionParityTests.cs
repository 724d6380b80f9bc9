using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Parity;

/// <summary>Attention against PyTorch's softmax and products, on every device.</summary>
public sealed class AttentionParityTests
{
    private readonly ParityFixture _fixture = ParityFixture.Load("attention");

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void Attention_and_its_gradient_agree_with_PyTorch(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        foreach (string test in _fixture.Lines("cases"))
        {
            Tensor x = tape.Variable(_fixture.Values($"{test}/x"), _fixture.ShapeOf($"{test}/x"));
            bool causal = test.StartsWith("causal", StringComparison.Ordinal);
            Tensor y = x.Attention(_fixture.Integer($"heads/{test}"), causal);
            tape.Backward(y.WithGradient(_fixture.Values($"{test}/dy")));
            _fixture.AssertClose($"{test}/y", y, device.Description);
            _fixture.AssertClose($"{test}/dx", x.Gradient!, device.Description);
            tape.Reset();
        }
    }
}
