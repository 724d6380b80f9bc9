namespace Tessera.Tensors.Devices.Cpu.Reference;

/// <summary>The GELU in the tanh form as its formula says it.</summary>
internal static class ReferenceGelu
{
    // sqrt(2 / pi)
    private const double Root = 0.79788456080286535588;

    public static double Value(double z) => z / 2 * (1 + Tanh(z));

    public static double Slope(double z)
    {
        double t = Tanh(z);
        return (1 + t) / 2 + z / 2 * (1 - t * t) * Root * (1 + 3 * Device.GeluCubic * z * z);
    }

    private static double Tanh(double z) => Math.Tanh(Root * (z + Device.GeluCubic * z * z * z));
}
