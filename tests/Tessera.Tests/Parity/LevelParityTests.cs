using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Tests.Parity;

/// <summary>
/// Compares quantizers without a nearest-neighbour search, and residual ones, with their papers' formulas in PyTorch.
/// </summary>
public sealed class LevelParityTests
{
    // The seed of the fixture's noise.
    private const ulong Seed = 2017;

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void Quantizers_agree_with_PyTorch(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        Initializer New() => new(Seed, device);
        Check("fsq_855", new FiniteScalarQuantizer(200, new() { Levels = [8, 5, 5] }, New()), device);
        Check("fsq_43", new FiniteScalarQuantizer(12, new() { Levels = [4, 3] }, New()), device);
        Check("lfq", new LookupFreeQuantizer(32, new() { Entropy = 0.1f, Diversity = 1.5f }, New()), device);
        Check("bsq", new BinarySphericalQuantizer(64, new() { Entropy = 0.1f, Diversity = 1.5f }, New()), device);
        Check(
            "gumbel", new GumbelQuantizer(6, 4, new() { Temperature = 0.7f, Divergence = 0.01f }, New()), device,
            ("_logits.weight", "weight"), ("_logits.bias", "bias"), ("_embedding.weight", "codebook"));
        Check(
            "residual",
            new ResidualQuantizer(
                new() { Depth = 3 }, level => new VectorQuantizerOptions().Create(7, 4, New(), level), New()),
            device,
            [.. Enumerable.Range(0, 3).Select(i => ($"_levels.{i}._embedding.weight", $"codebook{i}"))]);
    }

    private static void Check(
        string test, Quantizer quantizer, CpuDevice device, params (string Name, string Fixture)[] parameters)
    {
        ParityFixture fixture = ParityFixture.Load("levels");
        Dictionary<string, Tensor> state = quantizer.State().ToDictionary(entry => entry.Name, entry => entry.Tensor);
        foreach ((string name, string values) in parameters) state[name].CopyFrom(fixture.Values($"{test}/{values}"));
        using var tape = new Tape(device);
        Tensor x = tape.Variable(fixture.Values($"{test}/x"), fixture.ShapeOf($"{test}/x"));

        Quantized quantized = quantizer.Quantize(x, training: true);
        tape.Backward(quantized.Loss.Add(quantized.Vectors.WithGradient(fixture.Values($"{test}/dquantized"))));

        string where = $"{device.Description}, {test}";
        fixture.AssertSameCodes($"{test}/codes", quantized.Codes.ToArray(), where);
        fixture.AssertClose($"{test}/quantized", quantized.Vectors, where);
        // A quantizer without a loss has the loss 0.
        fixture.AssertClose($"{test}/loss", quantized.Loss, where);
        fixture.AssertClose($"{test}/dx", x.Gradient!, where);
        foreach ((string name, string values) in parameters)
            fixture.AssertClose($"{test}/d{values}", state[name].Gradient!, where);
        quantizer.Dispose();
    }
}
