using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Random;
using Tessera.Tests.Quantization;

namespace Tessera.Tests.Parity;

/// <summary>
/// Ties between codes. Of equal codes the lowest index is chosen. Of codes that differ by less than float32 rounding
/// any may be chosen, but none that is further away. The fixtures contain no ties: each records its narrowest margin,
/// and the tests require it to be above <see cref="Margin"/> and all codes to equal PyTorch's. Regenerate a fixture
/// with a narrower margin with another seed; do not accept a flipped code.
/// </summary>
public sealed class NearTieTests
{
    /// <summary>
    /// The smallest allowed margin. The margin of a vector z with nearest code e is the difference of the squared
    /// distances to the second nearest and the nearest code, over <c>|z|^2 + |e|^2</c>. Rounding changes it by about
    /// 5e-7 (the fixtures' README), so at 2e-5 rounding cannot change the choice.
    /// </summary>
    public const double Margin = 2e-5;

    /// <summary>The error of a margin in float32: a few roundings of the terms of the distance.</summary>
    private const double Rounding = 1e-6;

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    [Theory]
    [MemberData(nameof(Devices))]
    public void Of_equal_codes_the_lowest_index_wins(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        foreach ((int codes, int dim) in new[] { (2, 1), (5, 3), (16, 8), (33, 13), (100, 64) })
        {
            // Every code occurs twice, as k and as K + k, in different panels and lanes of the kernels.
            float[] half = new float[codes * dim];
            new CounterRandom(seed: 5, stream: (ulong)codes).FillUniform(half, -1, 1);
            VectorQuantizer quantizer = Quantizer(2 * codes, dim, [.. half, .. half], device);

            int[] chosen = quantizer.FindCodes(Tensor.From(half, [codes, dim], device)).ToArray();

            Assert.Equal(Enumerable.Range(0, codes), chosen);
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Of_codes_at_equal_distance_the_lowest_index_wins(int? threads, string? kernels)
    {
        using CpuDevice device = new(threads, kernels);
        for (int codes = 1; codes <= 40; codes++)
        {
            // From the origin, e and -e have exactly the same distance.
            float[] codebook = [.. Enumerable.Range(0, 3 * codes).Select(i => i / 3 % 2 == 0 ? 0.5f : -0.5f)];
            VectorQuantizer quantizer = Quantizer(codes, 3, codebook, device);

            Assert.All(quantizer.FindCodes(Tensor.Zeros([7, 3], device)).ToArray(), code => Assert.Equal(0, code));
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Of_codes_within_rounding_one_of_the_nearest_is_chosen(int? threads, string? kernels)
    {
        const int Families = 6, Siblings = 8, Dim = 13, Vectors = 50;
        using CpuDevice device = new(threads, kernels);
        float[] codebook = new float[Families * Siblings * Dim];
        CounterRandom random = new(seed: 6, stream: 0);
        for (int i = 0; i < codebook.Length; i++)
        {
            // Siblings differ by a few units in the last place.
            float shared = random.Uniform((ulong)(i % (Families * Dim))) - 0.5f;
            codebook[i] = shared * (1 + 3e-7f * random.Uniform((ulong)(100_000 + i)));
        }
        float[] vectors = new float[Vectors * Dim];
        new CounterRandom(seed: 6, stream: 1).FillUniform(vectors, -0.5f, 0.5f);

        VectorQuantizer quantizer = Quantizer(Families * Siblings, Dim, codebook, device);
        int[] chosen = quantizer.FindCodes(Tensor.From(vectors, [Vectors, Dim], device)).ToArray();

        for (int i = 0; i < Vectors; i++)
        {
            (double[] distances, double scale) = Distances(vectors.AsSpan(i * Dim, Dim), codebook);
            double excess = (distances[chosen[i]] - distances.Min()) / scale;
            Assert.True(
                excess <= Rounding,
                $"Code {chosen[i]} of vector {i} is further away than the nearest by {excess:g2} of |z|^2 + |e|^2.");
        }
    }

    private static VectorQuantizer Quantizer(int codes, int dim, float[] codebook, CpuDevice device)
    {
        VectorQuantizer quantizer = new(codes, dim, new(), new Initializer(seed: 0, device));
        quantizer.Table().CopyFrom(codebook);
        return quantizer;
    }

    /// <summary>Squared distances of z to all codes in double precision, and |z|^2 + |e|^2 of the nearest.</summary>
    private static (double[] Distances, double Scale) Distances(ReadOnlySpan<float> z, float[] codebook)
    {
        double[] distances = new double[codebook.Length / z.Length];
        double nearest = double.PositiveInfinity, scale = 0;
        for (int k = 0; k < distances.Length; k++)
        {
            double squares = 0;
            for (int d = 0; d < z.Length; d++)
            {
                double e = codebook[k * z.Length + d];
                distances[k] += (z[d] - e) * (z[d] - e);
                squares += (double)z[d] * z[d] + e * e;
            }
            if (distances[k] < nearest) (nearest, scale) = (distances[k], squares);
        }
        return (distances, scale);
    }
}
