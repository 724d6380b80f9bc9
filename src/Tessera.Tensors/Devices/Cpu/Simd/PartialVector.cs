namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Fewer floats than a vector has, in a vector: what remains of a tensor or a row after its whole vectors gets the same
/// arithmetic as they do, so that no result depends on its place. Slow; once a row or range.
/// </summary>
internal static unsafe class PartialVector<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Loads <paramref name="count"/> floats; the other lanes are <paramref name="rest"/>.</summary>
    public static TVector Load(float* source, int count, float rest = 0)
    {
        float* lanes = stackalloc float[TSimd.Width];
        for (int i = 0; i < TSimd.Width; i++) lanes[i] = i < count ? source[i] : rest;
        return TSimd.Load(lanes);
    }

    /// <summary>Stores the first <paramref name="count"/> floats.</summary>
    public static void Store(TVector vector, float* destination, int count)
    {
        float* lanes = stackalloc float[TSimd.Width];
        TSimd.Store(vector, lanes);
        for (int i = 0; i < count; i++) destination[i] = lanes[i];
    }
}
