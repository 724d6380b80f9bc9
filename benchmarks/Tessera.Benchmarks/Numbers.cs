using Tessera.Tensors.Random;

namespace Tessera.Benchmarks;

/// <summary>Random numbers; the workers of PyTorch and libtorch generate the same.</summary>
internal static partial class Numbers
{
    // A prime, so that consecutive rows of a tensor differ.
    private const int Period = 65521;
    private const ulong Seed = 1;

    /// <summary>Number i is number i % 65521 of a stream's uniform numbers in [-1, 1).</summary>
    public static float[] Make(ulong stream, int length)
    {
        float[] values = new float[length];
        new CounterRandom(Seed, stream).FillUniform(values.AsSpan(0, Math.Min(length, Period)), -1, 1);
        for (int i = Period; i < length; i++) values[i] = values[i - Period];
        return values;
    }

    public static double RootMeanSquare(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values) sum += (double)value * value;
        return Math.Sqrt(sum / values.Length);
    }
}
