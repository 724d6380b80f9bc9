using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Tessera.Cuda;

/// <summary>
/// Page-locked host memory through which everything goes up and down: the GPU copies from there on its own
/// while the program goes on. It is used as a ring, by one thread at a time.
/// </summary>
internal sealed class Staging(Accelerator accelerator, AcceleratorStream stream) : IDisposable
{
    private const int Capacity = 1 << 23, Alignment = 16;

    private readonly PageLockedArray1D<byte> _ring = accelerator.AllocatePageLocked1D<byte>(Capacity);
    private int _used;

    /// <summary>Enqueues a copy to the GPU; the source may change afterwards.</summary>
    public void Upload<T>(ReadOnlySpan<T> source, ArrayView<T> destination) where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(source);
        ArrayView<byte> to = destination.Cast<byte>();
        for (int done = 0; done < bytes.Length;)
        {
            Span<byte> place = Take(bytes.Length - done);
            bytes.Slice(done, place.Length).CopyTo(place);
            to.SubView(done, place.Length).CopyFromCPUUnsafeAsync(stream, ref place[0], place.Length);
            done += place.Length;
        }
    }

    /// <summary>Waits for the work enqueued before, then copies from the GPU.</summary>
    public void Download<T>(ArrayView<T> source, Span<T> destination) where T : unmanaged
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(destination);
        ArrayView<byte> from = source.Cast<byte>();
        for (int done = 0; done < bytes.Length;)
        {
            Span<byte> place = Take(bytes.Length - done);
            from.SubView(done, place.Length).CopyToCPUUnsafeAsync(stream, ref place[0], place.Length);
            stream.Synchronize();
            place.CopyTo(bytes[done..]);
            done += place.Length;
        }
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _ring.Dispose();

    /// <summary>A place for up to so many bytes, from which nothing is being copied any more.</summary>
    private Span<byte> Take(int bytes)
    {
        // Half at most: the first half of a long copy goes on while the second is filled.
        int count = Math.Min(bytes, Capacity / 2);
        if (_used + count > Capacity)
        {
            stream.Synchronize();
            _used = 0;
        }
        Span<byte> place = _ring.Span.Slice(_used, count);
        _used += (count + Alignment - 1) / Alignment * Alignment;
        return place;
    }
}
