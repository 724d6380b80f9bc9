using System.Buffers;
using System.Runtime.InteropServices;
using Tessera.Tensors.Distributed;

namespace Tessera.Mpi;

/// <summary>A message of <c>libmpi</c> that is on its way, with the memory that it reads and writes.</summary>
/// <param name="library">The library.</param>
internal sealed unsafe class MpiTransfer(MpiLibrary library) : Transfer
{
    // Reachable while the library may read or write their memory, whatever becomes of those who wait for them.
    private static readonly HashSet<MpiTransfer> OnTheirWay = [];

    private readonly List<MemoryHandle> _pinned = [];
    private readonly List<Array?> _held = [];
    // Open MPI's requests are addresses, MPICH's 32-bit numbers.
    private readonly nint* _request = (nint*)NativeMemory.AllocZeroed((nuint)sizeof(nint));
    private bool _hasArrived;

    /// <summary>Where the library keeps the request.</summary>
    public nint* Request => _request;

    /// <summary>Notes that the message has begun.</summary>
    public MpiTransfer Begun()
    {
        lock (OnTheirWay) OnTheirWay.Add(this);
        return this;
    }

    /// <summary>Keeps memory where it is until the message has arrived.</summary>
    public T* Pin<T>(ReadOnlyMemory<T> memory) where T : unmanaged
    {
        MemoryHandle handle = memory.Pin();
        _pinned.Add(handle);
        // A handle does not keep an array that was allocated in its place.
        _held.Add(MemoryMarshal.TryGetArray(memory, out ArraySegment<T> array) ? array.Array : null);
        return (T*)handle.Pointer;
    }

    /// <inheritdoc/>
    public override bool HasArrived()
    {
        if (!_hasArrived && library.Test(_request)) End();
        return _hasArrived;
    }

    /// <inheritdoc/>
    public override void Wait()
    {
        if (_hasArrived) return;
        library.Wait(_request);
        End();
    }

    private void End()
    {
        _hasArrived = true;
        lock (OnTheirWay) OnTheirWay.Remove(this);
        foreach (MemoryHandle handle in _pinned) handle.Dispose();
        NativeMemory.Free(_request);
    }
}
