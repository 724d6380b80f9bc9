using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu;

/// <summary>Memory that the processor sees: a block of its own, or the caller's.</summary>
internal sealed class CpuStorage(Memory<float> memory) : Storage(memory.Length)
{
    /// <summary>A block of its own, not cleared.</summary>
    public CpuStorage(int length) : this(AllocateAligned(length))
    {
    }

    public Memory<float> Memory => memory;

    public Span<float> Span => memory.Span;

    /// <summary>
    /// Pinned memory that starts on a cache line, so that no aligned vector straddles two. (An array and not unmanaged
    /// memory: a span over it keeps it alive.)
    /// </summary>
    private static unsafe Memory<float> AllocateAligned(int length)
    {
        float[] array = GC.AllocateUninitializedArray<float>(checked(length + CacheLine.Floats), pinned: true);
        var start = (float*)Unsafe.AsPointer(ref array[0]);
        return array.AsMemory((int)(CacheLine.Align(start) - start), length);
    }
}
