using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Tessera.Tensors.Devices.Cpu;

/// <summary>
/// Working memory of a kernel: aligned, not cleared, taken from a store of used blocks and given back on
/// <see cref="Dispose"/>. Any thread may take and give back. Sizes are powers of two, and a block is never freed: there
/// are as many as were ever in use at once.
/// </summary>
internal readonly unsafe struct Scratch : IDisposable
{
    private static readonly ConcurrentBag<nint>[] Free = [.. Enumerable.Range(0, 64).Select(_ => new ConcurrentBag<nint>())];

    private readonly int _sizeClass;

    /// <summary>Takes a block of at least <paramref name="floats"/> floats.</summary>
    public Scratch(long floats)
    {
        _sizeClass = BitOperations.Log2((ulong)Math.Max(floats, 256) - 1) + 1;
        Floats = Free[_sizeClass].TryTake(out nint block)
            ? (float*)block
            : (float*)NativeMemory.AlignedAlloc(((nuint)1 << _sizeClass) * sizeof(float), CacheLine.Bytes);
    }

    /// <summary>The block as floats.</summary>
    public float* Floats { get; }

    /// <summary>Gives the block back.</summary>
    public void Dispose() => Free[_sizeClass].Add((nint)Floats);
}
