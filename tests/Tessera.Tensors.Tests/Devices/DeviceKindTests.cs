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
        Device.Register(new DeviceKind(Name, Find, (_, _, _) => throw new NotSupportedException()));
        // A kind of the same name replaces the first.
        Device.Register(
            new DeviceKind(Name, Find, (number, threads, precision) => new Imagined(number, threads, precision)));
        Assert.Single(Device.Names, Name);
        Assert.True(Device.Names.ToList().IndexOf(Name) < Device.Names.Count - 1);

        using (Device absent = Device.Create()) Assert.IsType<CpuDevice>(absent);
        AssertRefused(Name, $"{Name} cannot be used: it is not there");
        AssertRefused($"{Name}:1", $"no device \"{Name}:1\"; the last of its kind is {Name}:0");

        IsPresent.Value = true;
        AssertCreates("auto", number: 1, threads: null);
        AssertCreates("auto", number: 1, threads: 2);
        AssertCreates(Name, number: 1, threads: null);
        AssertCreates($"{Name}:2", number: 2, threads: 1);
        AssertRefused($"{Name}:0", $"{Name}:0 cannot be used: it is too old");

        var kind = new DeviceKind(
            Name, Find, (number, threads, precision) => new Imagined(number, threads, precision));
        Device.Register(kind, isPreferred: false);
        using (Device unasked = Device.Create()) Assert.IsType<CpuDevice>(unasked);
        AssertCreates(Name, number: 1, threads: null);
        // As other tests expect it.
        Device.Register(kind);
        using Device processor = Device.Create("cpu");
        Assert.IsType<CpuDevice>(processor);

        // One that turns out to be of no use is passed over; where it is named, it is an error.
        List<string> passed = [];
        Device.Register(new DeviceKind(Name, Find, (number, threads, precision) => number == 1
            ? throw new ArgumentException("it computes wrong")
            : new Imagined(number, threads, precision)));
        AssertCreates("auto", number: 2, threads: null, passed);
        Assert.Equal([$"{Name}:1 it computes wrong"], passed);
        AssertRefused(Name, "it computes wrong");
        Device.Register(new DeviceKind(Name, Find, (_, _, _) => throw new ArgumentException("it computes wrong")));
        using (Device last = Device.Create(passedOver: (_, _) => { })) Assert.IsType<CpuDevice>(last);
        Device.Register(kind);

        using (Device precise = Device.Create(Name, threads: null, Precision.Bfloat16))
            Assert.Equal(Precision.Bfloat16, ((Imagined)precise).Precision);

        static void AssertCreates(string name, int number, int? threads, List<string>? passed = null)
        {
            using Device device = Device.Create(
                name, threads, passedOver: (other, why) => passed!.Add($"{other} {why}"));
            Assert.Equal((number, threads), (Assert.IsType<Imagined>(device).Number, ((Imagined)device).Threads));
        }

        static void AssertRefused(string name, string reason) => Assert.Contains(
            reason, Assert.Throws<ArgumentException>(() => Device.Create(name)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_processor_has_float32_only()
    {
        using Device device = Device.Create("cpu", threads: 1, Precision.Float32);
        var error = Assert.Throws<ArgumentException>(() => Device.Create("cpu", threads: 1, Precision.Bfloat16));
        Assert.StartsWith("the processor multiplies in float32", error.Message, StringComparison.Ordinal);
    }

    /// <summary>One that is not there, or three of which the first is too old.</summary>
    private static FoundDevice[] Find() => IsPresent.Value
        ? [new FoundDevice("old", "it is too old"), new FoundDevice("new"), new FoundDevice("new")]
        : [new FoundDevice("none", "it is not there")];

    private sealed class Imagined(int number, int? threads, Precision precision) : ShapeDevice
    {
        public int Number => number;

        public new int? Threads => threads;

        public Precision Precision => precision;
    }
}
