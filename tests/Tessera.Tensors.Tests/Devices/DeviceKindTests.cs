using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors.Tests.Devices;

/// <summary>
/// The kinds are known to the whole process and stay so. The kind registered here is present only in the flow of the
/// test that says so, so that the other tests do not see it.
/// </summary>
public class DeviceKindTests
{
    private const string Name = "imagined";

    private static readonly AsyncLocal<bool> IsPresent = new();

    [Fact]
    public void Names_begin_with_auto_and_end_with_the_processor()
    {
        Assert.Equal("auto", Device.Names[0]);
        Assert.Equal("cpu", Device.Names[^1]);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cpu:0")]
    [InlineData("auto")]
    public void The_processor_is_created_by_name(string name)
    {
        using Device device = Device.Create(name, threads: 3);
        Assert.Equal(3, Assert.IsType<CpuDevice>(device).Threads);
    }

    [Fact]
    public void By_default_the_best_device_is_created_anew()
    {
        using Device one = Device.Create(), two = Device.Create();
        Assert.Equal(Environment.ProcessorCount, Assert.IsType<CpuDevice>(one).Threads);
        Assert.NotSame(one, two);
        Assert.Throws<ArgumentOutOfRangeException>(() => Device.Create("cpu", threads: 0));
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("CPU")]
    [InlineData(" cpu")]
    [InlineData("")]
    [InlineData("cpu:")]
    [InlineData("cpu:x")]
    [InlineData("cpu:-1")]
    [InlineData("cpu: 1")]
    [InlineData("cpu:0:0")]
    [InlineData("auto:0")]
    public void An_unknown_name_is_refused_with_the_known_ones(string name)
    {
        var error = Assert.Throws<ArgumentException>(() => Device.Create(name));
        Assert.Contains($"\"{name}\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("auto, ", error.Message, StringComparison.Ordinal);
        Assert.Contains("cpu", error.Message[error.Message.IndexOf("auto", StringComparison.Ordinal)..]);
    }

    [Fact]
    public void A_registered_kind_is_preferred_if_it_is_present()
    {
        Device.Register(new DeviceKind(Name, () => IsPresent.Value, (_, _) => throw new NotSupportedException()));
        // A kind of the same name replaces the first.
        Device.Register(
            new DeviceKind(Name, () => IsPresent.Value, (number, threads) => new Imagined(number, threads)));
        Assert.Single(Device.Names, Name);
        Assert.True(Device.Names.ToList().IndexOf(Name) < Device.Names.Count - 1);

        using (Device absent = Device.Create()) Assert.IsType<CpuDevice>(absent);
        var error = Assert.Throws<ArgumentException>(() => Device.Create($"{Name}:1"));
        Assert.Contains($"no device \"{Name}:1\"", error.Message, StringComparison.Ordinal);

        IsPresent.Value = true;
        AssertCreates("auto", number: 0, threads: null);
        AssertCreates("auto", number: 0, threads: 2);
        AssertCreates(Name, number: 0, threads: null);
        AssertCreates($"{Name}:3", number: 3, threads: 1);
        using Device processor = Device.Create("cpu");
        Assert.IsType<CpuDevice>(processor);

        static void AssertCreates(string name, int number, int? threads)
        {
            using Device device = Device.Create(name, threads);
            Assert.Equal((number, threads), (Assert.IsType<Imagined>(device).Number, ((Imagined)device).Threads));
        }
    }

    private sealed class Imagined(int number, int? threads) : ShapeDevice
    {
        public int Number => number;

        public new int? Threads => threads;
    }
}
