using System.Runtime.InteropServices;
using Tessera.Tensors.Random;

namespace Tessera.Tensors.Tests.Devices;

/// <summary>Test data and comparisons of arrays.</summary>
internal static class Numbers
{
    /// <summary>
    /// The allowed relative root mean square error of float32 sums: some dozens of roundings of 2^-24 each, which
    /// cancel in part. A single wrong element among 10,000 gives 5,000 times that.
    /// </summary>
    public const double SumTolerance = 2e-6;

    /// <summary>Normal numbers, the same for the same arguments.</summary>
    public static float[] Normal(int length, ulong stream)
    {
        float[] values = new float[length];
        new CounterRandom(2024, stream).FillNormal(values);
        return values;
    }

    /// <summary>Row numbers of a table.</summary>
    public static int[] Indices(int count, int limit, ulong stream)
    {
        var random = new CounterRandom(2024, stream);
        return [.. Enumerable.Range(0, count).Select(i => random.Below((ulong)i, limit))];
    }

    /// <summary>
    /// The root mean square of the differences, divided by that of the expected values; NaN if any value is.
    /// </summary>
    public static double RelativeError(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow((double)actual[i] - expected[i], 2);
            norm += Math.Pow(expected[i], 2);
        }
        return difference == 0 ? 0 : Math.Sqrt(difference / norm);
    }

    /// <summary>Whether the bits are the same: NaN equals NaN, and 0 is not -0.</summary>
    public static bool SameBits(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        MemoryMarshal.AsBytes(a).SequenceEqual(MemoryMarshal.AsBytes(b));
}
