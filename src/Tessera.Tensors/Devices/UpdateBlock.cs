namespace Tessera.Tensors.Devices;

/// <summary>
/// The numbers that change from update to update (learning rate, corrections, decays, the images of the batch), in one
/// small block on a device. The primitives of an update read them there, so a device can record an update once and
/// replay it. Reserve places first; then, for each update, set all numbers and call <see cref="Upload"/> once.
/// </summary>
/// <example><code>
/// using var block = new UpdateBlock(device);
/// Number rate = block.ReserveNumber();
/// block.Set(rate, 0.1f);
/// block.Upload();   // before the primitives that read it
/// </code></example>
public sealed class UpdateBlock : IDisposable
{
    private readonly int[] _values;
    private int _reserved;

    /// <summary>Allocates the block.</summary>
    /// <param name="device">The device.</param>
    /// <param name="capacity">The most numbers and integers that can be reserved, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is below 1.</exception>
    public UpdateBlock(Device device, int capacity = 1024)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Device = device;
        _values = new int[capacity];
        Storage = device.Allocate<int>(capacity);
    }

    /// <summary>The device that holds the block.</summary>
    public Device Device { get; }

    /// <summary>The block's memory: float32 numbers as their bits, and integers.</summary>
    public Storage<int> Storage { get; }

    /// <summary>Reserves the place of a number.</summary>
    /// <exception cref="InvalidOperationException">The block is full.</exception>
    public Number ReserveNumber() => Number.In(this, Take(1));

    /// <summary>Reserves the places of integers.</summary>
    /// <param name="count">How many, at least 1.</param>
    /// <exception cref="InvalidOperationException">The block is full.</exception>
    public BlockIntegers ReserveIntegers(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int start = Take(count);
        return new BlockIntegers(_values.AsMemory(start, count), Storage.Slice(start, count), Device);
    }

    /// <summary>Sets a number for the next <see cref="Upload"/>.</summary>
    /// <param name="number">A number of this block.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="ArgumentException">The number is a constant or in another block.</exception>
    public void Set(Number number, float value)
    {
        if (number.Block != this) throw new ArgumentException("the number is not in this block", nameof(number));
        _values[number.Place] = BitConverter.SingleToInt32Bits(value);
    }

    /// <summary>Writes all numbers and integers to the device, in one piece.</summary>
    public void Upload() => Device.Upload(new ReadOnlySpan<int>(_values, 0, _reserved), Storage.Slice(0, _reserved));

    /// <summary>Frees the block.</summary>
    public void Dispose() => Storage.Dispose();

    private int Take(int count)
    {
        if (count > _values.Length - _reserved)
            throw new InvalidOperationException(
                $"the block holds {_values.Length} numbers; {_reserved} are reserved, and {count} more do not fit");
        int place = _reserved;
        _reserved += count;
        return place;
    }
}

/// <summary>Integers in an <see cref="UpdateBlock"/>.</summary>
public sealed class BlockIntegers
{
    private readonly Memory<int> _values;
    private readonly Device _device;

    internal BlockIntegers(Memory<int> values, Storage<int> storage, Device device) =>
        (_values, Storage, _device) = (values, storage, device);

    /// <summary>The values for the next <see cref="UpdateBlock.Upload"/>.</summary>
    public Span<int> Values => _values.Span;

    /// <summary>The integers' memory on the device.</summary>
    public Storage<int> Storage { get; }

    /// <summary>The same memory as indices. The caller keeps the values between 0 and the limit.</summary>
    /// <param name="limit">One more than the largest index.</param>
    public Indices AsIndices(int limit) => Indices.Over(Storage, [Storage.Length], limit, _device);
}
