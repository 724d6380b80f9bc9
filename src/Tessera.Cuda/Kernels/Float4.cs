using ILGPU.Runtime;

namespace Tessera.Cuda.Kernels;

/// <summary>Four numbers in registers. (An array would lie in local memory.)</summary>
internal readonly record struct Float4(float X, float Y, float Z, float W)
{
    private const int Bytes = 4 * sizeof(float);

    /// <summary>Four neighbouring numbers.</summary>
    public static Float4 Load(Floats from, int at) => new(from[at], from[at + 1], from[at + 2], from[at + 3]);

    /// <summary>Four neighbouring numbers at a multiple of 16 bytes, in one read.</summary>
    public static Float4 LoadAligned(Floats from, int at) => At(from, at);

    /// <summary>Four neighbouring numbers at a multiple of 16 bytes, where they lie.</summary>
    public static ref Float4 At(Floats view, int at) => ref view.SubView(at, 4).Cast<Float4>().AsAligned(Bytes)[0];

    /// <summary>These plus a multiple of others.</summary>
    public Float4 Add(float factor, Float4 other) => new(
        X + factor * other.X, Y + factor * other.Y, Z + factor * other.Z, W + factor * other.W);
}
