using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Devices;

public class CpuDeviceTests
{
    [Theory]
    [InlineData("avx2")]
    [InlineData("VECTOR256")]
    [InlineData(" ")]
    public void Unknown_kernels_are_refused_with_the_valid_names(string name)
    {
        var error = Assert.Throws<ArgumentException>(() => new CpuDevice(1, name));
        Assert.Contains($"\"{name}\"", error.Message, StringComparison.Ordinal);
        foreach (string known in CpuDevice.KernelNames) Assert.Contains(known, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fast")]
    [InlineData("Winograd")]
    public void Unknown_convolutions_are_refused_with_the_valid_names(string name)
    {
        var error = Assert.Throws<ArgumentException>(() => new CpuDevice(1, convolutions: name));
        Assert.Contains($"\"{name}\"", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"{CpuDevice.ConvolutionsVariable} takes direct, winograd", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_description_names_threads_and_kernels()
    {
        foreach (string name in CpuDevice.KernelNames)
        {
            using var one = new CpuDevice(1, name);
            using var two = new CpuDevice(2, name);
            Assert.Equal($"cpu, 1 thread, {name} kernels", one.Description);
            Assert.Equal($"cpu, 2 threads, {name} kernels", two.Description);
        }
    }

    [Theory]
    [InlineData(3, 1, 1, 128, "Winograd F(4x4,3x3) (estimated at 0.")]
    [InlineData(4, 2, 1, 128, "Winograd F(4x4,2x2) (estimated at 0.")]
    [InlineData(1, 1, 0, 128, "direct (no minimal filtering fits the kernel)")]
    [InlineData(5, 1, 2, 128, "direct (no minimal filtering fits the kernel)")]
    [InlineData(4, 2, 1, 3, "direct (Winograd F(4x4,2x2) is estimated at 1.")]
    public void A_device_explains_how_it_computes_a_convolution(
        int kernel, int stride, int padding, int channels, string expected)
    {
        using var device = new CpuDevice(1, "vector256", convolutions: null);
        int size = 16, outSize = (size + 2 * padding - kernel) / stride + 1;
        var geometry = new Conv2dGeometry(
            64, size, size, channels, outSize, outSize, 64, kernel, kernel, stride, padding);
        Assert.StartsWith(expected, device.Explain(geometry), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_explains_a_forced_choice()
    {
        var geometry = new Conv2dGeometry(1, 8, 8, 16, 8, 8, 16, 3, 3, Stride: 1, Padding: 1);
        using var direct = new CpuDevice(1, "vector256", "direct");
        using var winograd = new CpuDevice(1, "vector256", "winograd");
        using var reference = new CpuDevice(1, "reference");
        Assert.Equal("direct (forced)", direct.Explain(geometry));
        Assert.Equal("Winograd F(4x4,3x3) (forced)", winograd.Explain(geometry));
        Assert.Equal("direct (plain loops)", reference.Explain(geometry));
    }

    [Fact]
    public void By_default_there_is_one_thread_per_processor()
    {
        using var device = new CpuDevice();
        Assert.Equal(Environment.ProcessorCount, device.Threads);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuDevice(0));
    }

    [Fact]
    public void A_part_of_a_storage_ends_with_the_whole_and_not_before()
    {
        Device device = Kernels.Reference;
        Storage<int> whole = device.Allocate<int>(6);
        device.Upload([1, 2, 3, 4, 5, 6], whole);
        Storage<int> part = whole.Slice(1, 4), inner = part.Slice(2, 2);
        Assert.Equal((4, 2), (part.Length, inner.Length));
        part.Dispose();
        inner.Dispose();
        device.Upload([7, 8], inner);
        int[] values = new int[4];
        device.Download(part, values);
        Assert.Equal([2, 3, 7, 8], values);
        whole.Dispose();
        foreach (Storage<int> storage in (Storage<int>[])[whole, part, inner])
            Assert.Throws<ObjectDisposedException>(() => device.Download(storage, new int[storage.Length]));
    }

    [Fact]
    public void Host_memory_is_shared_without_a_copy()
    {
        byte[] values = [1, 2, 3];
        using Storage<byte> shared = Kernels.Reference.Share<byte>(values.AsMemory(1));
        values[2] = 9;
        byte[] read = new byte[2];
        Kernels.Reference.Download(shared, read);
        Assert.Equal([2, 9], read);
    }

    [Fact]
    public void Submitted_work_is_done_each_time()
    {
        int calls = 0;
        Action work = () => calls++;
        Kernels.Reference.Submit(work);
        Kernels.Reference.Submit(work);
        Assert.Equal(2, calls);
    }

    [Fact]
    public void Tensors_of_a_disposed_device_can_be_read_but_not_computed_with()
    {
        var device = new CpuDevice(2, "vector128");
        Tensor tensor = Tensor.From(new float[100_000], [100_000], device);
        device.Dispose();
        Assert.Equal(100_000, tensor.ToArray().Length);
        Assert.Throws<ObjectDisposedException>(() => tensor.Relu());
    }
}
