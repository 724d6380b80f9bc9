using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

public class CudaDeviceTests
{
    [Fact]
    public void Memory_goes_up_and_comes_down()
    {
        CudaDevice device = Simulation.Small;
        using Storage<int> storage = device.Allocate<int>(5);
        device.Upload<int>([1, 2, 3, 4, 5], storage);
        device.Upload<int>([9], storage.Slice(2, 3).Slice(1, 2));
        int[] values = new int[6];
        device.Download(storage, values);
        Assert.Equal([1, 2, 3, 9, 5, 0], values);
        using Storage<byte> shared = device.Share<byte>(new byte[] { 7, 8 });
        byte[] bytes = new byte[2];
        device.Download(shared, bytes);
        Assert.Equal([7, 8], bytes);
        using Storage<float> none = device.Allocate<float>(0);
        device.Fill(none, 1);
        device.Download(none, []);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        CudaDevice device = Simulation.Small;
        using Storage<int> storage = device.Allocate<int>(2);
        Assert.Throws<ArgumentException>(() => device.Upload<int>([1, 2, 3], storage));
        Assert.Throws<ArgumentException>(() => device.Download(storage, new int[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => storage.Slice(1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => storage.Slice(-1, 1));
    }

    [Fact]
    public void Disposed_memory_cannot_be_used()
    {
        CudaDevice device = Simulation.Small;
        Storage<float> storage = device.Allocate<float>(2), part = storage.Slice(0, 1);
        part.Dispose();
        device.Fill(storage, 1);
        storage.Dispose();
        storage.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.Fill(storage, 1));
        Assert.Throws<ObjectDisposedException>(() => device.Fill(part, 1));
        Assert.Throws<ObjectDisposedException>(() => storage.Slice(0, 1));
    }

    /// <summary>On a machine with a GPU there is nothing to see here.</summary>
    [Fact]
    public void A_machine_without_a_GPU_is_told_so_in_one_line()
    {
        try
        {
            using var device = new CudaDevice();
        }
        catch (ArgumentException e)
        {
            Assert.DoesNotContain('\n', e.Message);
            Assert.Contains("GPU", e.Message, StringComparison.Ordinal);
        }
    }
}
