using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Tessera.Tensors.Devices.Cpu;

/// <summary>
/// A kernel's working memory: aligned, not cleared, taken from a pool and given back on <see cref="Dispose"/>, on any
/// thread. Sizes are powers of two. Blocks are never freed: the pool grows to the largest number ever in use at once.
/// </summary>
internal readonly unsafe struct Scratch : IDisposable
{
    private static readonly ConcurrentBag<nint>[] Free =
        [.. Enumerable.Range(0, 64).Select(_ => new ConcurrentBag<nint>())];

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
