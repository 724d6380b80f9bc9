using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu;

/// <summary>Main memory: a block of its own, the caller's, or a part of another storage.</summary>
internal sealed class CpuStorage<T>(Memory<T> memory, CpuStorage<T>? whole = null) : Storage<T>(memory.Length)
    where T : unmanaged
{
    private Memory<T> _memory = memory;
    private bool _isDisposed;

    /// <summary>A block of its own, not cleared.</summary>
    public CpuStorage(int length) : this(AllocateAligned(length))
    {
    }

    /// <exception cref="ObjectDisposedException">
    /// The storage, or the one that it is a part of, was disposed.
    /// </exception>
    public Memory<T> Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf((whole ?? this)._isDisposed, typeof(Storage<T>));
            return _memory;
        }
    }

    public Span<T> Span => Memory.Span;

    public override Storage<T> Slice(int start, int length) =>
        new CpuStorage<T>(Memory.Slice(start, length), whole ?? this);

    // The collector frees the block when nothing refers to it any more.
    public override void Dispose()
    {
        if (whole is null) (_memory, _isDisposed) = (default, true);
    }

    /// <summary>
    /// Pinned memory that starts on a cache line, so that no aligned vector crosses one. (An array rather than
    /// unmanaged memory, because a span over an array keeps it alive.)
    /// </summary>
    private static unsafe Memory<T> AllocateAligned(int length)
    {
        int margin = CacheLine.Bytes / sizeof(T);
        T[] array = GC.AllocateUninitializedArray<T>(checked(length + margin), pinned: true);
        var start = (byte*)Unsafe.AsPointer(ref array[0]);
        return array.AsMemory((int)((byte*)CacheLine.Align((float*)start) - start) / sizeof(T), length);
    }
}
