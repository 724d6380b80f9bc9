using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Parity;

/// <summary>What losses are made of against PyTorch, on every device.</summary>
public sealed class LossParityTests
{
    private readonly ParityFixture _fixture = ParityFixture.Load("losses");

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void Poolings_agree_with_PyTorch(int? threads, string? kernels)
    {
        Pool("max_pool", (x, kernel, stride, padding) => x.MaxPool(kernel, stride, padding), threads, kernels);
        Pool("average_pool", (x, kernel, stride, padding) => x.AveragePool(kernel, stride, padding), threads, kernels);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Products_and_distances_agree_with_PyTorch(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        Compare("multiply", TensorOperations.Multiply, device);
        Compare("divide", TensorOperations.Divide, device);
        Compare("absolute", TensorOperations.MeanAbsoluteError, device);
        Compare("unit_rows", TensorOperations.UnitRowDistance, device);
    }

    private void Pool(
        string kind, Func<Tensor, int, int, int, Tensor> operation, int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        foreach (string test in _fixture.Lines(kind))
        {
            ReadOnlySpan<int> settings = _fixture.Integers($"{test}/settings");
            Tensor x = tape.Variable(_fixture.Values($"{test}/x"), _fixture.ShapeOf($"{test}/x"));
            Tensor y = operation(x, settings[0], settings[1], settings[2]);
            tape.Backward(y.WithGradient(_fixture.Values($"{test}/dy")));
            _fixture.AssertClose($"{test}/y", y, device.Description);
            _fixture.AssertClose($"{test}/dx", x.Gradient!, device.Description);
            tape.Reset();
        }
    }

    /// <summary>The result z of x and y, or a loss, and the gradients of both.</summary>
    private void Compare(string test, Func<Tensor, Tensor, Tensor> operation, CpuDevice device)
    {
        using Tape tape = new(device);
        Tensor x = tape.Variable(_fixture.Values($"{test}/x"), _fixture.ShapeOf($"{test}/x"));
        Tensor y = tape.Variable(_fixture.Values($"{test}/y"), _fixture.ShapeOf($"{test}/y"));
        Tensor z = operation(x, y);
        bool isLoss = _fixture.Has($"{test}/loss");
        tape.Backward(isLoss ? z : z.WithGradient(_fixture.Values($"{test}/dz")));
        _fixture.AssertClose(isLoss ? $"{test}/loss" : $"{test}/z", z, device.Description);
        _fixture.AssertClose($"{test}/dx", x.Gradient!, device.Description);
        _fixture.AssertClose($"{test}/dy", y.Gradient!, device.Description);
    }
}
