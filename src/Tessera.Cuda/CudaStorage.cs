using ILGPU;
using ILGPU.Runtime;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

/// <summary>Memory of a GPU: a block of its own, or a part of another storage.</summary>
internal sealed class CudaStorage<T> : Storage<T> where T : unmanaged
{
    private readonly CudaStorage<T>? _whole;
    private readonly ArrayView<T> _view;
    private readonly int _start;
    private MemoryBuffer1D<T, Stride1D.Dense>? _buffer;

    /// <summary>A block of its own, not cleared.</summary>
    public CudaStorage(Accelerator accelerator, int length) : base(length)
    {
        // A block of no bytes has no address; a kernel that reads nothing of it still gets one.
        _buffer = accelerator.Allocate1D<T>(Math.Max(length, 1));
        _view = _buffer.View.AsContiguous().SubView(0, length);
    }

    private CudaStorage(CudaStorage<T> whole, int start, ArrayView<T> view) : base(view.IntLength) =>
        (_whole, _start, _view) = (whole, start, view);

    /// <summary>Whether the first element's address is a multiple of four elements' size.</summary>
    public bool IsAligned => _start % 4 == 0;

    /// <summary>The memory, as kernels see it.</summary>
    /// <exception cref="ObjectDisposedException">
    /// The storage, or the one that it is a part of, was disposed.
    /// </exception>
    public ArrayView<T> View
    {
        get
        {
            ObjectDisposedException.ThrowIf((_whole ?? this)._buffer is null, typeof(Storage<T>));
            return _view;
        }
    }

    /// <inheritdoc/>
    public override Storage<T> Slice(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - start);
        return new CudaStorage<T>(_whole ?? this, _start + start, View.SubView(start, length));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _buffer?.Dispose();
        _buffer = null;
    }
}
