using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Tessera.Tensors.Random;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Noise of the Gumbel distribution, <c>-log(-log(u + 2^-25))</c> of uniform numbers u: never infinite, since u is a
/// multiple of 2^-24 below 1.
/// </summary>
/// <remarks>
/// In float64: float32 has no number between 1 - 2^-24, the largest u, and 1. Bound by the two logarithms.
/// </remarks>
internal static unsafe class GumbelKernel
{
    private const int Chunk = 512;

    /// <summary>Adds the numbers from number <paramref name="first"/> on.</summary>
    [SkipLocalsInit]
    public static void Add(CounterRandom random, long first, Span<float> values)
    {
        float* buffer = stackalloc float[Chunk + UniformKernel.Step];
        Span<double> doubles = stackalloc double[Chunk];
        for (int i = 0; i < values.Length; i += Chunk)
        {
            Span<float> part = values[i..Math.Min(i + Chunk, values.Length)];
            var numbers = new Span<float>(
                UniformKernel.FillFrom(random, first + i, buffer, part.Length), part.Length);
            Span<double> noise = doubles[..part.Length];
            TensorPrimitives.ConvertTruncating<float, double>(numbers, noise);
            TensorPrimitives.Add(noise, 1.0 / (1 << 25), noise);
            TensorPrimitives.Log<double>(noise, noise);
            TensorPrimitives.Negate<double>(noise, noise);
            TensorPrimitives.Log<double>(noise, noise);
            TensorPrimitives.ConvertTruncating<double, float>(noise, numbers);
            TensorPrimitives.Subtract(part, numbers, part);
        }
    }
}
