using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>Sums over the lanes of a warp, in a fixed order: every lane gets the same bits.</summary>
internal static class Warps
{
    /// <summary>Threads of a warp.</summary>
    public const int Lanes = 32;

    /// <summary>The sum of all lanes' values.</summary>
    public static float Sum(float value)
    {
        for (int distance = Lanes / 2; distance > 0; distance /= 2) value += Warp.ShuffleXor(value, distance);
        return value;
    }

    /// <summary>The sum of all lanes' values.</summary>
    public static double Sum(double value)
    {
        for (int distance = Lanes / 2; distance > 0; distance /= 2) value += Warp.ShuffleXor(value, distance);
        return value;
    }

    /// <summary>The sum of all lanes' values.</summary>
    public static int Sum(int value)
    {
        for (int distance = Lanes / 2; distance > 0; distance /= 2) value += Warp.ShuffleXor(value, distance);
        return value;
    }

    /// <summary>The largest of all lanes' values that are numbers.</summary>
    public static float Max(float value)
    {
        for (int distance = Lanes / 2; distance > 0; distance /= 2)
        {
            float other = Warp.ShuffleXor(value, distance);
            if (other > value) value = other;
        }
        return value;
    }

    /// <summary>The smallest of all lanes' values.</summary>
    public static int Min(int value)
    {
        for (int distance = Lanes / 2; distance > 0; distance /= 2)
        {
            int other = Warp.ShuffleXor(value, distance);
            if (other < value) value = other;
        }
        return value;
    }

    /// <summary>All lanes' bits together.</summary>
    public static int Or(int bits)
    {
        for (int distance = Lanes / 2; distance > 0; distance /= 2) bits |= Warp.ShuffleXor(bits, distance);
        return bits;
    }
}
