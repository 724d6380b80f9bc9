using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Devices;

public class CpuDeviceTests
{
    [Theory]
    [InlineData("avx2")]
    [InlineData("VECTOR256")]
    [InlineData(" ")]
    public void Unknown_kernels_are_refused_by_name_with_those_that_there_are(string name)
    {
        var error = Assert.Throws<ArgumentException>(() => new CpuDevice(1, name));
        Assert.Contains($"\"{name}\"", error.Message, StringComparison.Ordinal);
        foreach (string known in CpuDevice.KernelNames) Assert.Contains(known, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_description_tells_threads_and_kernels()
    {
        foreach (string name in CpuDevice.KernelNames)
        {
            using var one = new CpuDevice(1, name);
            using var two = new CpuDevice(2, name);
            Assert.Equal($"cpu, 1 thread, {name} kernels", one.Description);
            Assert.Equal($"cpu, 2 threads, {name} kernels", two.Description);
        }
    }

    [Fact]
    public void There_is_one_thread_for_each_processor_unless_told_otherwise()
    {
        using var device = new CpuDevice();
        Assert.Equal(Environment.ProcessorCount, device.Threads);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuDevice(0));
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
