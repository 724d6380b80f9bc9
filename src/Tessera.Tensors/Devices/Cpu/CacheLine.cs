using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu;

/// <summary>
/// The processor's unit of memory. A vector that straddles two lines costs two accesses, and one of 512 bits does wherever
/// it does not start on a line.
/// </summary>
internal static unsafe class CacheLine
{
    /// <summary>Its size in bytes.</summary>
    public const int Bytes = 64;

    /// <summary>Its size in floats.</summary>
    public const int Floats = Bytes / sizeof(float);

    /// <summary>The first line at or after an address: up to <see cref="Floats"/> - 1 floats on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float* Align(float* block) => (float*)(((nuint)block + (Bytes - 1)) & ~(nuint)(Bytes - 1));
}
