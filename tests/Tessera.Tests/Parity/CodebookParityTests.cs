using Tessera.Quantization;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Nn;

namespace Tessera.Tests.Parity;

/// <summary>
/// Compares quantizers that look codes up in a table, and what their options add, with their papers' formulas in
/// PyTorch.
/// </summary>
public sealed class CodebookParityTests
{
    private const int Codes = 7, Dim = 4;

    private static readonly VectorQuantizerOptions Rotation = new() { Gradient = GradientEstimator.Rotation };

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    private static (string, string) Table => ("_embedding.weight", "codebook");

    private static (string, string)[] Averages => [Table, ("_ema_w", "sums"), ("_ema_cluster_size", "sizes")];

    [Theory]
    [MemberData(nameof(Devices))]
    public void Quantizers_agree_with_PyTorch(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        Quantizer New(QuantizerOptions options) => options.Create(Codes, Dim, new(seed: 0, device));
        Check("cosine", New(new CosineVectorQuantizerOptions()), Averages);
        Check(
            "simvq", New(new SimVectorQuantizerOptions()),
            ("_embedding.weight", "frozen"), ("_embedding_proj.weight", "map"));
        Check("rotation", New(Rotation), Table);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Terms_that_spread_codes_agree_with_PyTorch(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        Quantizer New(CodebookOptions options) =>
            (options with { Diversity = 1.5f, Temperature = 0.5f }).Create(Codes, Dim, new(seed: 0, device));
        Check("entropy", New(new VectorQuantizerOptions { Entropy = 0.1f }), Table);
        Check("orthogonality", New(new VectorQuantizerOptions { Orthogonality = 2 }), Table);
        Check("both_terms", New(new VectorQuantizerOptions { Entropy = 0.1f, Orthogonality = 2 }), Table);
        Check("cosine_entropy", New(new CosineVectorQuantizerOptions { Entropy = 0.1f }), Averages);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Several_codes_a_cell_agree_with_PyTorch(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        Initializer initializer = new(seed: 0, device);
        Quantizer Residual(QuantizerOptions options, int depth, int dim = Dim, bool shared = false) =>
            new ResidualQuantizer(
                new() { Depth = depth, SharedCodebook = shared },
                level => options.Create(Codes, dim, initializer, level), initializer);
        VectorQuantizerOptions gradient = new();
        Check("rotation_residual", Residual(Rotation, 2), Tables(2, i => $"_levels.{i}."));
        Check("cosine_residual", Residual(new CosineVectorQuantizerOptions(), 2), Tables(2, i => $"_levels.{i}."));
        Check("shared", Residual(gradient, 3, shared: true), In("_levels.0.", Table));
        Check("shared_averages", Residual(new EmaVectorQuantizerOptions(), 3, shared: true), In("_levels.0.", Averages));
        Check(
            "grouped", new GroupedQuantizer(3, () => gradient.Create(Codes, 2, initializer)),
            Tables(3, i => $"_groups.{i}."));
        Check(
            "grouped_residual", new GroupedQuantizer(2, () => Residual(gradient, 2, dim: 3)),
            [.. Enumerable.Range(0, 2).SelectMany(i => Enumerable.Range(0, 2).Select(
                j => ($"_groups.{i}._levels.{j}._embedding.weight", $"codebook{i}{j}")))]);
    }

    private static void Check(string test, Quantizer quantizer, params (string Name, string Fixture)[] tensors)
    {
        ParityFixture fixture = ParityFixture.Load("codebooks");
        Assert.InRange(fixture.Number($"margin/{test}"), NearTieTests.Margin, double.MaxValue);
        QuantizerComparison.Check(fixture, test, quantizer, tensors);
    }

    /// <summary>Tables codebook0, codebook1, ... of quantizers inside another.</summary>
    private static (string, string)[] Tables(int count, Func<int, string> prefix) =>
        [.. Enumerable.Range(0, count).Select(i => (prefix(i) + "_embedding.weight", $"codebook{i}"))];

    private static (string, string)[] In(string prefix, params (string Name, string Fixture)[] tensors) =>
        [.. tensors.Select(tensor => (prefix + tensor.Name, tensor.Fixture))];
}
