namespace Tessera.Tensors.Devices;

/// <summary>Buffers of a device, of each type that is rented.</summary>
/// <param name="device">The device.</param>
internal sealed class BufferPools(Device device)
{
    /// <summary>The device.</summary>
    public Device Device { get; } = device;

    /// <summary>Buffers of numbers.</summary>
    public BufferPool<float> Floats { get; } = new(device);

    /// <summary>Buffers of indices.</summary>
    public BufferPool<int> Indices { get; } = new(device);

    /// <summary>Frees all buffers that are not rented.</summary>
    public void Clear()
    {
        Floats.Clear();
        Indices.Clear();
    }

    /// <summary>Frees all buffers: those that are rented when they are given back.</summary>
    public void Close()
    {
        Floats.Close();
        Indices.Close();
    }
}
