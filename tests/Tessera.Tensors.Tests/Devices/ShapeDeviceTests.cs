using System.Reflection;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Devices;

public class ShapeDeviceTests
{
    [Fact]
    public void Every_primitive_is_overridden() =>
        Assert.Empty(Seam.NotOverridden(typeof(ShapeDevice), Seam.Primitives));

    [Fact]
    public void Every_primitive_computes_nothing_and_is_named()
    {
        using var device = new NamingDevice();
        foreach (MethodInfo primitive in Seam.Primitives)
        {
            device.Calls.Clear();
            primitive.CallWithNothing(device);
            Assert.Equal([primitive.Name], device.Calls);
        }
    }

    /// <summary>The weights would take 4 GB.</summary>
    [Fact]
    public void A_model_of_any_size_runs_without_memory()
    {
        using var device = new NamingDevice();
        using Tensor weight = Tensor.Zeros([1 << 13, 1 << 13, 4, 4], device);
        using var tape = new Tape(device);
        Tensor x = tape.Allocate([1, 8, 8, 1 << 13]);
        device.Calls.Clear();
        Tensor y = x.Conv2d(weight.AsParameter(), bias: null, stride: 2, padding: 1).Relu();
        Assert.Equal(new Shape(1, 4, 4, 1 << 13), y.Shape);
        tape.Backward(y.MeanSquaredError(y.Detach()));
        Assert.Equal(
            [
                "Conv2d", "Relu", "MeanSquaredDifference", "Fill", "SquaredErrorGradients", "ReluGradient",
                "Conv2dWeightGradient",
            ],
            device.Calls);
    }

    [Fact]
    public void Values_are_zeros()
    {
        using var device = new ShapeDevice();
        Tensor tensor = Tensor.From([1f, 2], [2], device);
        Assert.Equal([0f, 0], tensor.ToArray());
        Assert.Equal([0f], tensor.Rows(1, 1).ToArray());
        Assert.Equal([0], Indices.From([1], [1], limit: 2, device).ToArray());
        Assert.Throws<NotSupportedException>(() => tensor.AsSpan());
        Assert.Equal(new Shape(3, 4), new Initializer(1, device).Normal([3, 4]).Shape);
    }

    private sealed class NamingDevice : ShapeDevice
    {
        public List<string> Calls { get; } = [];

        protected override void Skip(string primitive) => Calls.Add(primitive);
    }
}
