namespace Tessera.Tensors.Devices;

/// <summary>
/// A block of memory on a device: float32 (the elements of tensors), int32 (indices) or bytes (images). Only the device
/// that allocated it can address it. Its owner disposes it: a tape, a tensor, or the device's pool.
/// </summary>
/// <typeparam name="T"><see cref="float"/>, <see cref="int"/> or <see cref="byte"/>.</typeparam>
/// <param name="length">The number of elements.</param>
public abstract class Storage<T>(int length) : IDisposable where T : unmanaged
{
    /// <summary>The number of elements.</summary>
    public int Length { get; } = length;

    /// <summary>The pool that the memory is rented from and given back to; null for none.</summary>
    internal BufferPool<T>? Pool { get; set; }

    /// <summary>The order in which the pool allocated its buffers.</summary>
    internal long NumberInPool { get; set; }

    /// <summary>
    /// A part of this memory. It is valid as long as the whole; disposing it does nothing.
    /// </summary>
    /// <param name="start">The first element.</param>
    /// <param name="length">The number of elements.</param>
    public abstract Storage<T> Slice(int start, int length);

    /// <summary>Frees the memory; nothing may use it afterwards.</summary>
    public abstract void Dispose();
}
