using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Optim;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Optim;

public class MuonTests
{
    private const float Rate = 0.02f;

    /// <summary>The formulas in double precision, for a wide and a tall matrix, with and without decay.</summary>
    [Theory]
    [InlineData(16, 20, 0)]
    [InlineData(96, 16, 0)]
    [InlineData(16, 20, 0.5)]
    public void Steps_on_a_kernel_are_those_of_the_paper_in_double_precision(int rows, int channels, double decay)
    {
        int columns = channels * 2 * 3;
        foreach (Device device in Kernels.All)
        {
            var model = new ThreeParameters(device, [rows, channels, 2, 3]);
            var muon = new Muon(model, Rate, (float)decay);
            double[] weight = [.. model.Kernel.ToArray().Select(value => (double)value)];
            double[] momentum = new double[weight.Length];
            for (int step = 1; step <= 4; step++)
            {
                float[] gradient = Numbers.Normal(weight.Length, (ulong)step);
                model.Kernel.SetGradient(gradient);
                muon.Step();
                double[] ahead = new double[weight.Length];
                for (int i = 0; i < weight.Length; i++)
                {
                    momentum[i] = 0.95 * momentum[i] + 0.05 * gradient[i];
                    ahead[i] = 0.95 * momentum[i] + 0.05 * gradient[i];
                }
                double[] direction = Orthogonal(ahead, rows, columns);
                double size = 0.2 * Rate * Math.Sqrt(Math.Max(rows, columns));
                for (int i = 0; i < weight.Length; i++)
                    weight[i] = (1 - Rate * decay) * weight[i] - size * direction[i];
                double error = Numbers.RelativeError([.. weight.Select(value => (float)value)], model.Kernel.ToArray());
                Assert.True(error < 1e-5, $"{device.Description}, step {step}: off by {error:E1}");
            }
        }
    }

    [Fact]
    public void Parameters_that_are_not_matrices_are_moved_by_Adam()
    {
        ThreeParameters model = new(), byAdam = new();
        var muon = new Muon(model, Rate, weightDecay: 0.1f);
        var adam = new Adam(byAdam, Rate, weightDecay: 0.1f);
        for (int step = 1; step <= 3; step++)
        {
            SetGradients(model, step);
            SetGradients(byAdam, step);
            // A schedule must reach both.
            muon.LearningRate = adam.LearningRate = Rate / step;
            muon.Step();
            adam.Step();
        }
        Assert.Equal(byAdam.Narrow.ToArray(), model.Narrow.ToArray());
        Assert.Equal(byAdam.Bias.ToArray(), model.Bias.ToArray());
        Assert.NotEqual(byAdam.Kernel.ToArray(), model.Kernel.ToArray());
        Assert.Equal(
            ["kernel.momentum_buffer", "narrow.exp_avg", "narrow.exp_avg_sq", "bias.exp_avg", "bias.exp_avg_sq"],
            muon.State().Select(entry => entry.Name));
    }

    [Theory]
    [InlineData(ParameterRoles.Matrix, true, 16, 20)]
    [InlineData(ParameterRoles.Matrix, true, 16, 20, 2, 3)]
    [InlineData(ParameterRoles.Matrix, false, 15, 20)]
    [InlineData(ParameterRoles.Matrix, false, 20, 15)]
    [InlineData(ParameterRoles.Table, false, 16, 20)]
    [InlineData(ParameterRoles.Table, false, 16, 20, 2, 3)]
    [InlineData(ParameterRoles.Vector, false, 320)]
    public void Large_matrices_are_moved_by_Muon_whatever_their_rank(
        ParameterRoles role, bool isMoved, params int[] sizes)
    {
        using var model = new OneParameter(role, new Shape(sizes));
        using var muon = new Muon(model, Rate);
        Assert.Equal(
            isMoved ? ["only.momentum_buffer"] : ["only.exp_avg", "only.exp_avg_sq"],
            muon.State().Select(entry => entry.Name));
        float[] before = model.Only.ToArray();
        // No element is so small that Adam's epsilon shows.
        model.Only.SetGradient(
            [.. Numbers.Normal(before.Length, 1).Select(value => value + MathF.CopySign(1, value))]);
        muon.Step();
        // Adam's first step is the learning rate for every element; Muon's is for none.
        double[] steps = [.. model.Only.ToArray().Zip(before, (after, old) => Math.Abs((double)after - old) / Rate)];
        Assert.Equal(isMoved ? 0 : steps.Length, steps.Count(step => Math.Abs(step - 1) < 1e-4));
    }

    [Theory]
    [InlineData(ParameterRoles.Matrix, true, false)]
    [InlineData(ParameterRoles.Table, false, false)]
    [InlineData(ParameterRoles.Vector | ParameterRoles.Table, false, true)]
    [InlineData(ParameterRoles.All, true, true)]
    public void Only_parameters_of_the_given_roles_decay(ParameterRoles decayed, bool matrices, bool vectors)
    {
        using var model = new ThreeParameters();
        using var muon = new Muon(model, 0.1f, weightDecay: 0.5f, decayed);
        float[][] before = [.. model.Parameters().Select(parameter => parameter.Tensor.ToArray())];
        // A gradient of 0 gives a direction of 0: only the decay is left.
        foreach ((_, Tensor parameter) in model.Parameters()) parameter.SetGradient(new float[parameter.Shape.Length]);
        muon.Step();
        AssertDecayed(matrices, before[0], model.Kernel);
        AssertDecayed(matrices, before[1], model.Narrow);
        AssertDecayed(vectors, before[2], model.Bias);

        static void AssertDecayed(bool isDecayed, float[] before, Tensor parameter) => Assert.Equal(
            before.Select(value => isDecayed ? 0.95f * value : value), parameter.ToArray());
    }

    [Fact]
    public void A_kernel_without_a_gradient_is_left_as_it_is()
    {
        var model = new ThreeParameters();
        var muon = new Muon(model, Rate, weightDecay: 0.1f);
        SetGradients(model, 1);
        muon.Step();
        float[] before = model.Kernel.ToArray(), momentum = muon.State().First().Tensor.ToArray();
        model.Kernel.ClearGradient();
        muon.Step();
        Assert.Equal(before, model.Kernel.ToArray());
        Assert.Equal(momentum, muon.State().First().Tensor.ToArray());
    }

    [Fact]
    public void State_and_steps_resume_training_exactly()
    {
        ThreeParameters whole = new(), half = new(), resumed = new();
        Muon wholeMuon = new(whole, Rate), halfMuon = new(half, Rate), resumedMuon = new(resumed, Rate);
        Train(whole, wholeMuon, from: 1, to: 5);
        Train(half, halfMuon, from: 1, to: 2);
        foreach (((_, Tensor to), (_, Tensor from)) in resumed.State().Zip(half.State())) to.CopyFrom(from.ToArray());
        foreach (((_, Tensor to), (_, Tensor from)) in resumedMuon.State().Zip(halfMuon.State()))
            to.CopyFrom(from.ToArray());
        resumedMuon.Steps = halfMuon.Steps;
        Train(resumed, resumedMuon, from: 3, to: 5);
        foreach (((string name, Tensor expected), (_, Tensor actual)) in whole.State().Zip(resumed.State()))
        {
            Assert.True(
                expected.ToArray().AsSpan().SequenceEqual(actual.ToArray()), $"{name} differs after resuming");
        }
    }

    /// <summary>So that both take the same learning rate.</summary>
    [Fact]
    public void A_step_is_about_as_large_as_a_usual_step_of_Adam()
    {
        var model = new ThreeParameters();
        float[] before = model.Kernel.ToArray();
        SetGradients(model, 1);
        new Muon(model, Rate).Step();
        double squares = model.Kernel.ToArray()
            .Zip(before, (after, old) => (double)(after - old) * (after - old)).Average();
        Assert.InRange(Math.Sqrt(squares) / Rate, 0.14, 0.24);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(float.NaN, 0)]
    [InlineData(1e-3f, -1)]
    [InlineData(1e-3f, float.PositiveInfinity)]
    public void The_rate_and_the_decay_are_in_their_ranges(float rate, float decay) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Muon(new ThreeParameters(), rate, decay));

    private static void Train(ThreeParameters model, Optimizer optimizer, int from, int to)
    {
        for (int step = from; step <= to; step++)
        {
            SetGradients(model, step);
            optimizer.Step();
        }
    }

    private static void SetGradients(ThreeParameters model, int step)
    {
        foreach ((_, Tensor parameter) in model.Parameters())
        {
            parameter.ClearGradient();
            parameter.SetGradient(
                Numbers.Normal(parameter.Shape.Length, (ulong)(step * 1000 + parameter.Shape.Length)));
        }
    }

    private static double[] Orthogonal(double[] x, int rows, int columns)
    {
        double norm = Math.Sqrt(x.Sum(value => value * value));
        double[] iterate = [.. x.Select(value => value / norm)];
        for (int iteration = 0; iteration < 5; iteration++)
        {
            double[] gram = Multiply(iterate, Transposed(iterate, rows, columns), rows, columns, rows);
            double[] once = Multiply(gram, iterate, rows, rows, columns);
            double[] twice = Multiply(gram, once, rows, rows, columns);
            for (int i = 0; i < iterate.Length; i++)
                iterate[i] = 3.4445 * iterate[i] - 4.7750 * once[i] + 2.0315 * twice[i];
        }
        return iterate;
    }

    private static double[] Multiply(double[] a, double[] b, int rows, int inner, int columns)
    {
        double[] product = new double[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            for (int k = 0; k < inner; k++)
            {
                for (int column = 0; column < columns; column++)
                    product[row * columns + column] += a[row * inner + k] * b[k * columns + column];
            }
        }
        return product;
    }

    private static double[] Transposed(double[] x, int rows, int columns) =>
        [.. Enumerable.Range(0, x.Length).Select(i => x[i % rows * columns + i / rows])];

    private sealed class OneParameter : Module
    {
        public OneParameter(ParameterRoles role, Shape shape) =>
            Only = Parameter("only", Tensor.From(Numbers.Normal(shape.Length, 7), shape), role);

        public Tensor Only { get; }
    }

    /// <summary>A kernel that Muon moves, a kernel with too few channels, and a bias.</summary>
    private sealed class ThreeParameters : Module
    {
        public ThreeParameters(Device? device = null, Shape? kernel = null)
        {
            Shape shape = kernel ?? [16, 20, 2, 3];
            Kernel = Parameter(
                "kernel", Tensor.From(Numbers.Normal(shape.Length, 7), shape, device), ParameterRoles.Matrix);
            Narrow = Parameter(
                "narrow", Tensor.From(Numbers.Normal(16 * 15, 8), [16, 15, 1, 1], device), ParameterRoles.Matrix);
            Bias = Parameter("bias", Tensor.From(Numbers.Normal(16, 9), [16], device), ParameterRoles.Vector);
        }

        public Tensor Kernel { get; }

        public Tensor Narrow { get; }

        public Tensor Bias { get; }
    }
}
