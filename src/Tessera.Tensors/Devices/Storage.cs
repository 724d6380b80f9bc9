namespace Tessera.Tensors.Devices;

/// <summary>
/// A block of float32 memory on a device: what a tensor's elements live in. Only the device that allocated it knows
/// where that is.
/// </summary>
/// <param name="length">The number of floats.</param>
public abstract class Storage(int length)
{
    /// <summary>The number of floats.</summary>
    public int Length { get; } = length;
}
