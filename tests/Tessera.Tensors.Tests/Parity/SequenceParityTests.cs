using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Parity;

/// <summary>GELU, layer normalisation, linear maps and cross-entropy against PyTorch, on every device.</summary>
public sealed class SequenceParityTests
{
    private readonly ParityFixture _fixture = ParityFixture.Load("sequences");

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void Gelu_agrees_with_PyTorch(int? threads, string? kernels) =>
        Compare(["gelu"], ["x"], inputs => inputs[0]!.Gelu(), threads, kernels);

    [Theory]
    [MemberData(nameof(Devices))]
    public void LayerNorm_agrees_with_PyTorch(int? threads, string? kernels) => Compare(
        _fixture.Lines("layer_norm"), ["x", "weight", "bias"], inputs => inputs[0]!.LayerNorm(inputs[1]!, inputs[2]!),
        threads, kernels);

    [Theory]
    [MemberData(nameof(Devices))]
    public void Linear_agrees_with_PyTorch(int? threads, string? kernels) => Compare(
        _fixture.Lines("linear"), ["x", "weight", "bias"], inputs => inputs[0]!.Linear(inputs[1]!, inputs[2]),
        threads, kernels);

    [Theory]
    [MemberData(nameof(Devices))]
    public void CrossEntropy_agrees_with_PyTorch(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        foreach (string test in _fixture.Lines("cross_entropy"))
        {
            Shape shape = _fixture.ShapeOf($"{test}/x");
            Tensor logits = tape.Variable(_fixture.Values($"{test}/x"), shape);
            Indices targets = tape.Indices(_fixture.Integers($"{test}/targets"), shape.WithoutLast(), shape.Last);
            using Tensor losses = Tensor.Zeros(targets.Shape, device);
            Tensor loss = logits.CrossEntropy(targets, losses);
            tape.Backward(loss);
            _fixture.AssertClose($"{test}/loss", loss, device.Description);
            _fixture.AssertClose($"{test}/losses", losses, device.Description);
            _fixture.AssertClose($"{test}/dx", logits.Gradient!, device.Description);
            tape.Reset();
        }
    }

    /// <summary>Compares y and the gradients of all inputs that the case has.</summary>
    private void Compare(
        string[] tests, string[] names, Func<Tensor?[], Tensor> operation, int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        using Tape tape = new(device);
        foreach (string test in tests)
        {
            Tensor?[] inputs = [.. names.Select(name => Variable($"{test}/{name}"))];
            Tensor y = operation(inputs);
            tape.Backward(y.WithGradient(_fixture.Values($"{test}/dy")));
            _fixture.AssertClose($"{test}/y", y, device.Description);
            foreach ((string name, Tensor? input) in names.Zip(inputs))
                if (input is not null) _fixture.AssertClose($"{test}/d{name}", input.Gradient!, device.Description);
            tape.Reset();
        }

        Tensor? Variable(string name) =>
            _fixture.Has(name) ? tape.Variable(_fixture.Values(name), _fixture.ShapeOf(name)) : null;
    }
}
