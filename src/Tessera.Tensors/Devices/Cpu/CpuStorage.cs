using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu;

/// <summary>Main memory: a block of its own, or the caller's.</summary>
internal sealed class CpuStorage(Memory<float> memory) : Storage(memory.Length)
{
    /// <summary>A block of its own, not cleared.</summary>
    public CpuStorage(int length) : this(AllocateAligned(length))
    {
    }

    public Memory<float> Memory => memory;

    public Span<float> Span => memory.Span;

    /// <summary>
    /// Pinned memory that starts on a cache line, so that no aligned vector crosses one. (An array rather than
    /// unmanaged memory, because a span over an array keeps it alive.)
    /// </summary>
    private static unsafe Memory<float> AllocateAligned(int length)
    {
        float[] array = GC.AllocateUninitializedArray<float>(checked(length + CacheLine.Floats), pinned: true);
        var start = (float*)Unsafe.AsPointer(ref array[0]);
        return array.AsMemory((int)(CacheLine.Align(start) - start), length);
    }
}
