using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors;

/// <summary>
/// A dense int32 array of indices, each 0 to <see cref="Limit"/> - 1, in row-major order on a
/// <see cref="Devices.Device"/>: the codes of images, <c>[batch, height, width]</c>, labels, or row numbers. It is to
/// integers what <see cref="Tensor"/> is to numbers. Indices computed on a <see cref="Autograd.Tape"/> are valid until
/// the tape is reset; others until they are disposed.
/// </summary>
/// <example><code>
/// using Tensor table = Tensor.From([1f, 2f, 3f, 4f], [2, 2]);
/// using Indices rows = Indices.From([1, 0, 1], [3], limit: 2);
/// table.GatherRows(rows).ToArray();   // 3, 4, 1, 2, 3, 4
/// </code></example>
public sealed class Indices : IDisposable
{
    private readonly StorageHolder<int> _memory;
    private readonly bool _owns;

    internal Indices(Shape shape, int limit, Storage<int> storage, Device device, Tape? tape)
        : this(new StorageHolder<int>(storage), shape, limit, device, tape, owns: true)
    {
    }

    private Indices(
        StorageHolder<int> memory, Shape shape, int limit, Device device, Tape? tape, bool owns = false)
    {
        _owns = owns;
        _memory = memory;
        Shape = shape;
        Limit = limit;
        Device = device;
        Tape = tape;
    }

    /// <summary>The sizes, outermost first.</summary>
    public Shape Shape { get; }

    /// <summary>One more than the largest index that can occur.</summary>
    public int Limit { get; }

    /// <summary>The device that holds the indices.</summary>
    public Device Device { get; }

    /// <summary>The tape that these were computed on, or null.</summary>
    public Tape? Tape { get; }

    /// <summary>The memory on the device, for calls of its primitives.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given up.</exception>
    public Storage<int> Storage => _memory.Storage;

    /// <summary>Indices with a copy of the values, in row-major order.</summary>
    /// <param name="values">The values, each 0 to <paramref name="limit"/> - 1.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="limit">One more than the largest index: the rows of the table that they refer to.</param>
    /// <param name="device">The device; null for the processor.</param>
    /// <exception cref="ArgumentException">The number of values is not the shape's number of elements.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value is below 0 or not below the limit.</exception>
    public static Indices From(ReadOnlySpan<int> values, Shape shape, int limit, Device? device = null)
    {
        device ??= Device.Default;
        return new Indices(shape, limit, device.Allocate<int>(shape.Length), device, tape: null).With(values);
    }

    /// <summary>Copies values in, in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the number of elements.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value is below 0 or not below the limit.</exception>
    public void CopyFrom(ReadOnlySpan<int> values)
    {
        Shape.ThrowIfNotLength(values.Length, nameof(values));
        foreach (int value in values)
        {
            if ((uint)value >= (uint)Limit)
                throw new ArgumentOutOfRangeException(nameof(values), value, $"indices are 0 to {Limit - 1}");
        }
        Device.Upload(values, Storage);
    }

    /// <summary>Copies the values out, in row-major order.</summary>
    /// <exception cref="ArgumentException">The destination's length is not the number of elements.</exception>
    public void CopyTo(Span<int> destination)
    {
        Shape.ThrowIfNotLength(destination.Length, nameof(destination));
        Device.Download(Storage, destination);
    }

    /// <summary>A copy of the values in row-major order.</summary>
    public int[] ToArray()
    {
        int[] values = new int[Shape.Length];
        CopyTo(values);
        return values;
    }

    /// <summary>A copy without a tape, on the same device; the caller disposes it.</summary>
    public Indices Clone()
    {
        var copy = new Indices(Shape, Limit, Device.Allocate<int>(Shape.Length), Device, tape: null);
        Device.CopyIndices(Storage, copy.Storage);
        return copy;
    }

    /// <summary>The same memory as indices of a tape, so that what is computed from them belongs to it.</summary>
    /// <param name="tape">A tape of the same device.</param>
    /// <exception cref="ArgumentException">They are on another tape or device.</exception>
    public Indices On(Tape tape)
    {
        if (Tape is not null && Tape != tape)
            throw new ArgumentException("the indices are on another tape", nameof(tape));
        if (tape.Device != Device)
            throw new ArgumentException("the tape is of another device", nameof(tape));
        return new Indices(_memory, Shape, Limit, Device, tape);
    }

    /// <summary>The same indices in the same order under another shape, in the same memory.</summary>
    /// <exception cref="ArgumentException">The numbers of elements differ.</exception>
    public Indices Reshape(Shape shape)
    {
        shape.ThrowIfNotLength(Shape.Length, nameof(shape));
        return new Indices(_memory, shape, Limit, Device, Tape);
    }

    /// <summary>Frees the memory; indices of a tape are freed by the tape.</summary>
    public void Dispose()
    {
        if (Tape is null && _owns) _memory.Take()?.Dispose();
    }

    /// <summary>Shape, limit and device, for a debugger.</summary>
    public override string ToString() => $"Indices {Shape} below {Limit} on {Device.Description}";

    /// <summary>Indices over a device's memory, whose values are in range.</summary>
    internal static Indices Over(Storage<int> storage, Shape shape, int limit, Device device) =>
        new(shape, limit, storage, device, tape: null);

    /// <summary>Copies the values in.</summary>
    internal Indices With(ReadOnlySpan<int> values)
    {
        CopyFrom(values);
        return this;
    }

    /// <summary>Returns the memory to the device's pool.</summary>
    internal void ReturnStorage()
    {
        if (_memory.Take() is { } storage) Device.Return(storage);
    }
}
