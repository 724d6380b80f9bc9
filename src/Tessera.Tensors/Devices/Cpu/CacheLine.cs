using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Tensors.Devices.Cpu;

/// <summary>
/// The processor's unit of memory access. A vector that crosses a line costs two accesses; a vector of 512 bits crosses
/// one unless it starts on a line.
/// </summary>
internal static unsafe class CacheLine
{
    /// <summary>Its size in bytes.</summary>
    public const int Bytes = 64;

    /// <summary>Its size in floats.</summary>
    public const int Floats = Bytes / sizeof(float);

    /// <summary>
    /// The first line at or after an address of a float: at most <see cref="Floats"/> - 1 floats later.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float* Align(float* block) => (float*)(((nuint)block + (Bytes - 1)) & ~(nuint)(Bytes - 1));

    /// <summary>
    /// Starts to fetch a line to the first-level cache; on processors other than x86, does nothing. An address that
    /// cannot be read is no error.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }
}
