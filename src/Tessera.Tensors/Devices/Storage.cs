namespace Tessera.Tensors.Devices;

/// <summary>
/// A block of float32 memory on a device, which holds a tensor's elements. Only the device that allocated it can
/// address it.
/// </summary>
/// <param name="length">The number of floats.</param>
public abstract class Storage(int length)
{
    /// <summary>The number of floats.</summary>
    public int Length { get; } = length;
}
