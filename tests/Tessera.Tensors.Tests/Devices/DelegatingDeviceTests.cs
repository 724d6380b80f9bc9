using System.Reflection;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Optim;
using Module = Tessera.Tensors.Nn.Module;

namespace Tessera.Tensors.Tests.Devices;

public class DelegatingDeviceTests
{
    /// <summary>A new member of the seam must be passed on too.</summary>
    [Fact]
    public void Every_method_but_Dispose_is_overridden() => Assert.Empty(Seam.NotOverridden(
        typeof(DelegatingDevice), Seam.Methods.Where(method => method.Name != nameof(Device.Dispose))));

    [Fact]
    public void Every_primitive_is_passed_on_to_the_same_primitive()
    {
        var inner = new Recorder();
        using var device = new PassingDevice(inner);
        foreach (MethodInfo primitive in Seam.Primitives)
        {
            inner.Calls.Clear();
            primitive.CallWithNothing(device);
            Assert.Equal([primitive.Name], inner.Calls);
        }
    }

    [Fact]
    public void The_rest_is_passed_on_too()
    {
        var inner = new Recorder();
        using var device = new PassingDevice(inner);
        Assert.Equal(inner.Description, device.Description);
        Assert.Equal("recorded", device.Explain(new Conv2dGeometry()));
        bool called = false;
        device.Submit(() => called = true);
        Assert.True(called);
        Storage<byte> bytes = device.Allocate<byte>(3);
        device.Upload<byte>([1, 2, 3], bytes);
        device.Download(bytes, new byte[3]);
        device.Share<int>(new int[2]);
        Assert.Equal(["Explain", "Submit", "Allocate 3", "Upload 3", "Download 3", "Share 2"], inner.Calls);
    }

    /// <summary>The arguments of every primitive of a training step reach their places.</summary>
    [Fact]
    public void A_training_step_has_the_same_bits_as_on_the_device_itself()
    {
        using var cpu = new CpuDevice(1);
        using var passing = new PassingDevice(cpu);
        float[][] expected = Train(cpu), actual = Train(passing);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Numbers.SameBits(expected[i], actual[i]), $"result {i} differs");
        Assert.All(expected, values => Assert.Contains(values, value => value != 0));
    }

    [Fact]
    public void The_inner_device_is_not_disposed()
    {
        using var cpu = new CpuDevice(2);
        new PassingDevice(cpu).Dispose();
        Assert.Equal([2f], Tensor.From([2], [1], cpu).Relu().ToArray());
    }

    private static float[][] Train(Device device)
    {
        using var net = new Net(new Initializer(1, device));
        using var optimizer = new Muon(net, 0.01f, weightDecay: 0.1f);
        using var average = new WeightAverage(net, 0.9);
        using var tape = new Tape(device);
        using Tensor norm = Tensor.Zeros([], device);
        for (int step = 0; step < 2; step++)
        {
            tape.Reset();
            net.ClearGradients();
            tape.Backward(net.Loss(tape.Input(Numbers.Normal(2 * 8 * 8 * 3, (ulong)step), [2, 8, 8, 3])));
            GradientNorm.Clip(net, 0.1f, norm);
            optimizer.Step();
            average.Update();
        }
        return
        [
            norm.ToArray(), .. net.State().Concat(optimizer.State()).Concat(average.State())
                .Select(entry => entry.Tensor.ToArray()),
        ];
    }

    private sealed class PassingDevice(Device inner) : DelegatingDevice(inner);

    private sealed class Recorder : ShapeDevice
    {
        public List<string> Calls { get; } = [];

        public override Storage<T> Allocate<T>(int length)
        {
            Calls.Add($"Allocate {length}");
            return base.Allocate<T>(length);
        }

        public override Storage<T> Share<T>(Memory<T> values)
        {
            Calls.Add($"Share {values.Length}");
            return base.Allocate<T>(values.Length);
        }

        public override void Upload<T>(ReadOnlySpan<T> source, Storage<T> destination) =>
            Calls.Add($"Upload {source.Length}");

        public override void Download<T>(Storage<T> source, Span<T> destination) =>
            Calls.Add($"Download {destination.Length}");

        public override void Submit(Action work, object? owner = null)
        {
            Calls.Add("Submit");
            work();
        }

        public override string? Explain(in Conv2dGeometry geometry)
        {
            Calls.Add("Explain");
            return "recorded";
        }

        protected override void Skip(string primitive) => Calls.Add(primitive);
    }

    private sealed class Net : Module
    {
        private readonly Conv2d _down;
        private readonly ConvTranspose2d _up;
        private readonly Tensor _table, _sums, _counts, _use;

        public Net(Initializer initializer)
        {
            _down = Child("down", new Conv2d(3, 16, 4, initializer, stride: 2, padding: 1));
            _up = Child("up", new ConvTranspose2d(16, 3, 4, initializer, stride: 2, padding: 1));
            _table = Parameter("table", initializer.Uniform([7, 16], 0.3f), ParameterRoles.Table);
            _sums = Buffer("sums", initializer.Zeros([7, 16]));
            _counts = Buffer("counts", initializer.Zeros([7]));
            _use = Buffer("use", initializer.Zeros([2]));
        }

        public Tensor Loss(Tensor x)
        {
            Tensor y = _down.Forward(x).NormalizeRows();
            Indices nearest = y.NearestRows(_table);
            Tensor rows = _table.GatherRows(nearest);
            y.SumRowsByIndex(nearest, _sums, _counts);
            _counts.PerplexityInto(_use);
            _counts.SmoothSizes(0.1, _counts);
            _sums.DivideRows(_counts, _sums);
            _sums.ScatterRows(Indices.From([5, 1], [2], limit: 7, x.Device), _sums.Rows(2, 2));
            Tensor back = _up.Forward(y.RotateTo(rows.Detach()).Add(y.Scale(0.3f)).Relu());
            return back.MeanSquaredError(x).Add(y.MutualSquaredError(rows, 0.25f, 1));
        }
    }
}
