using Tessera.Quantization;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Nn;

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
        Check("fsq_855", new FiniteScalarQuantizer(200, new() { Levels = [8, 5, 5] }, New()));
        Check("fsq_43", new FiniteScalarQuantizer(12, new() { Levels = [4, 3] }, New()));
        Check(
            "lfq",
            new LookupFreeQuantizer(32, new() { Commitment = 0.25f, Entropy = 0.1f, Diversity = 1.5f }, New()));
        Check("bsq", new BinarySphericalQuantizer(64, new() { Entropy = 0.1f, Diversity = 1.5f }, New()));
        Check(
            "gumbel", new GumbelQuantizer(6, 4, new() { Temperature = 0.7f, Divergence = 0.01f }, New()),
            ("_logits.weight", "weight"), ("_logits.bias", "bias"), ("_embedding.weight", "codebook"));
        Check(
            "residual",
            new ResidualQuantizer(
                new() { Depth = 3 }, level => new VectorQuantizerOptions().Create(7, 4, New(), level), New()),
            [.. Enumerable.Range(0, 3).Select(i => ($"_levels.{i}._embedding.weight", $"codebook{i}"))]);
    }

    private static void Check(string test, Quantizer quantizer, params (string Name, string Fixture)[] tensors) =>
        QuantizerComparison.Check(ParityFixture.Load("levels"), test, quantizer, tensors);
}
