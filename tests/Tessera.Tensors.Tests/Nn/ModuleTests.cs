using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Nn;

public class ModuleTests
{
    [Fact]
    public void State_has_full_names_own_tensors_first_in_the_order_of_registration()
    {
        var net = new Net(new Initializer(1));
        Assert.Equal(
            [
                "scale", "count", "_first.weight", "_first.bias", "_inner.seen", "_inner._conv.weight",
                "_up.weight", "_up.bias",
            ],
            net.State().Select(entry => entry.Name));
    }

    [Fact]
    public void Parameters_are_the_state_without_the_buffers()
    {
        var net = new Net(new Initializer(1));
        Assert.Equal(
            ["scale", "_first.weight", "_first.bias", "_inner._conv.weight", "_up.weight", "_up.bias"],
            net.Parameters().Select(entry => entry.Name));
        Assert.All(net.Parameters(), entry => Assert.True(entry.Tensor.RequiresGradient));
    }

    [Fact]
    public void State_gives_the_tensors_that_the_layers_use()
    {
        var layer = new Conv2d(2, 3, 3, new Initializer(1));
        Assert.Same(layer.Weight, layer.State().First().Tensor);
        Assert.Same(layer.Bias, layer.State().Last().Tensor);
    }

    [Fact]
    public void Parameters_have_the_roles_that_they_were_registered_with()
    {
        var net = new Net(new Initializer(1));
        Assert.Equal(
            [
                ("scale", ParameterRoles.Vector), ("_first.weight", ParameterRoles.Matrix),
                ("_first.bias", ParameterRoles.Vector), ("_inner._conv.weight", ParameterRoles.Matrix),
                ("_up.weight", ParameterRoles.Matrix), ("_up.bias", ParameterRoles.Vector),
            ],
            net.Parameters().Select(parameter => (parameter.Name, parameter.Role)));
        Assert.Equal(1 + 2 + 2 + 4 + 2 + 1, net.ParameterCount);
    }

    [Fact]
    public void Disposing_a_module_frees_all_its_memory()
    {
        var net = new Net(new Initializer(1));
        Tensor[] all = [.. net.State().Select(entry => entry.Tensor), net.Work];
        Assert.Equal(9, all.Length);
        Tensor weight = net.Parameters().First().Tensor;
        weight.AddGradient(Tensor.Zeros([1]));
        net.Dispose();
        Assert.All(all, tensor => Assert.Throws<ObjectDisposedException>(() => tensor.ToArray()));
        Assert.Null(weight.Gradient);
        net.Dispose();
    }

    [Fact]
    public void ClearGradients_reaches_every_part()
    {
        var net = new Net(new Initializer(1));
        foreach ((_, Tensor parameter) in net.Parameters()) parameter.Slot.Target(out _);
        Assert.All(net.Parameters(), entry => Assert.NotNull(entry.Tensor.Gradient));
        net.ClearGradients();
        Assert.All(net.Parameters(), entry => Assert.Null(entry.Tensor.Gradient));
    }

    [Fact]
    public void Layers_have_PyTorchs_shapes_and_bounds()
    {
        var conv = new Conv2d(5, 64, 3, new Initializer(1));
        Assert.Equal(new Shape(64, 5, 3, 3), conv.Weight.Shape);
        AssertUniform(conv.Weight, 1 / Math.Sqrt(5 * 9));
        AssertUniform(conv.Bias!, 1 / Math.Sqrt(5 * 9));

        // PyTorch's fan in of a transposed convolution is out channels x kernel area.
        var transposed = new ConvTranspose2d(64, 5, 4, new Initializer(1));
        Assert.Equal(new Shape(64, 5, 4, 4), transposed.Weight.Shape);
        Assert.Equal(new Shape(5), transposed.Bias.Shape);
        AssertUniform(transposed.Weight, 1 / Math.Sqrt(5 * 16));

        Assert.Null(new Conv2d(5, 64, 3, new Initializer(1), bias: false).Bias);
    }

    [Fact]
    public void Layers_of_sequences_have_PyTorchs_names_and_start_as_they_say()
    {
        var linear = new Linear(30, 40, new Initializer(1), deviation: 0.02f);
        Assert.Equal(
            [("weight", ParameterRoles.Matrix), ("bias", ParameterRoles.Vector)],
            linear.Parameters().Select(parameter => (parameter.Name, parameter.Role)));
        Assert.Equal(new Shape(40, 30), linear.Weight.Shape);
        AssertNormal(linear.Weight, 0.02);
        Assert.Equal(new float[40], linear.Bias!.ToArray());
        Assert.Null(new Linear(3, 4, new Initializer(1), 1, bias: false).Bias);

        var norm = new LayerNorm(5, new Initializer(1));
        Assert.Equal(
            [("weight", ParameterRoles.Vector), ("bias", ParameterRoles.Vector)],
            norm.Parameters().Select(parameter => (parameter.Name, parameter.Role)));
        Assert.Equal([1f, 1, 1, 1, 1], norm.Weight.ToArray());
        Assert.Equal(new float[5], norm.Bias.ToArray());

        var embedding = new Embedding(40, 30, new Initializer(1), deviation: 3);
        Assert.Equal(
            [("weight", ParameterRoles.Table)],
            embedding.Parameters().Select(parameter => (parameter.Name, parameter.Role)));
        Assert.Equal(new Shape(40, 30), embedding.Weight.Shape);
        AssertNormal(embedding.Weight, 3);
    }

    [Fact]
    public void Layers_of_sequences_compute_their_operations()
    {
        var initializer = new Initializer(1);
        Tensor x = initializer.Normal([2, 5, 3]);
        var linear = new Linear(3, 4, initializer, 1);
        Tensor y = linear.Forward(x), addend = initializer.Normal([2, 5, 4]);
        Assert.Equal(x.Linear(linear.Weight, linear.Bias).ToArray(), y.ToArray());
        Assert.Equal(x.Linear(linear.Weight, linear.Bias, addend).ToArray(), linear.Forward(x, addend).ToArray());

        // Gain one and bias zero: rows of mean 0 and variance 1.
        float[] normal = new LayerNorm(4, initializer).Forward(y).ToArray();
        Assert.All(normal.Chunk(4), row =>
        {
            Assert.Equal(0, row.Average(), 1e-6);
            Assert.Equal(1, row.Average(value => value * value), 1e-3);
        });

        var embedding = new Embedding(7, 3, initializer, 1);
        using Indices indices = Indices.From([6, 0, 6], [3], limit: 7);
        float[] table = embedding.Weight.ToArray();
        Assert.Equal(
            [.. table[18..], .. table[..3], .. table[18..]], embedding.Forward(indices).ToArray());
    }

    [Fact]
    public void Layers_pass_their_stride_and_padding_on()
    {
        Tensor x = Tensor.Zeros([2, 8, 6, 3]);
        Tensor half = new Conv2d(3, 5, 4, new Initializer(1), stride: 2, padding: 1).Forward(x);
        Assert.Equal(new Shape(2, 4, 3, 5), half.Shape);
        Assert.Equal(
            new Shape(2, 8, 6, 7),
            new ConvTranspose2d(5, 7, 4, new Initializer(1), stride: 2, padding: 1).Forward(half).Shape);
    }

    [Fact]
    public void A_model_learns()
    {
        var net = new Conv2d(1, 1, 1, new Initializer(1));
        var adam = new Tessera.Tensors.Optim.Adam(net, 0.05f);
        using var tape = new Tape();
        for (int step = 0; step < 400; step++)
        {
            tape.Reset();
            net.ClearGradients();
            Tensor x = tape.Input([-1, 0, 1, 2], [1, 2, 2, 1]);
            tape.Backward(net.Forward(x).MeanSquaredError(tape.Input([1, 3, 5, 7], [1, 2, 2, 1])));
            adam.Step();
        }
        // y = 2x + 3.
        Assert.Equal(2, net.Weight.Item(), 0.01);
        Assert.Equal(3, net.Bias!.Item(), 0.01);
    }

    private static void AssertNormal(Tensor tensor, double deviation)
    {
        float[] values = tensor.ToArray();
        // 4 standard errors of the mean and of the variance.
        double standardError = 1 / Math.Sqrt(values.Length);
        Assert.InRange(values.Average() / deviation, -4 * standardError, 4 * standardError);
        double variance = values.Average(value => (double)value * value) / (deviation * deviation);
        Assert.InRange(variance, 1 - 4 * Math.Sqrt(2) * standardError, 1 + 4 * Math.Sqrt(2) * standardError);
    }

    private static void AssertUniform(Tensor tensor, double bound)
    {
        float[] values = tensor.ToArray();
        Assert.All(values, value => Assert.InRange(value, -bound * (1 + 1e-6), bound * (1 + 1e-6)));
        if (values.Length < 1000) return;
        // Uniform in +-bound: the mean is 0, the variance bound^2 / 3; 4 standard errors.
        Assert.InRange(
            values.Average(), -4 * bound / Math.Sqrt(3.0 * values.Length), 4 * bound / Math.Sqrt(3.0 * values.Length));
        double variance = values.Average(value => (double)value * value);
        Assert.InRange(variance / (bound * bound / 3), 0.9, 1.1);
        Assert.True(
            values.Max() > 0.98 * bound && values.Min() < -0.98 * bound, "The ends of the range are not reached.");
    }

    private sealed class Net : Module
    {
        public Net(Initializer initializer)
        {
            Child("_first", new Conv2d(1, 2, 1, initializer));
            Parameter("scale", initializer.Zeros([1]), ParameterRoles.Vector);
            Child("_inner", new Inner(initializer));
            Buffer("count", initializer.Zeros([1]));
            Child("_up", new ConvTranspose2d(2, 1, 1, initializer));
            Work = Workspace(initializer.Zeros([5]));
        }

        /// <summary>Memory that is no part of the state.</summary>
        public Tensor Work { get; }
    }

    private sealed class Inner : Module
    {
        public Inner(Initializer initializer)
        {
            Buffer("seen", initializer.Zeros([1]));
            Child("_conv", new Conv2d(2, 2, 1, initializer, bias: false));
        }
    }
}
