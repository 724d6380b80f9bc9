using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Optim;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Optim;

public class AdamTests
{
    private const int Length = TwoParameters.Length;

    /// <summary>
    /// Algorithm 1 of the paper in double precision. The allowed relative root mean square error is a few float32
    /// roundings a step. Using 1 - float32(0.999) instead of 0.001 would alone give an error of 6e-6.
    /// </summary>
    [Fact]
    public void Steps_are_those_of_the_paper_in_double_precision()
    {
        const double Rate = 0.0025, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;
        foreach (Device device in Kernels.All)
        {
            var model = new TwoParameters(device);
            var adam = new Adam(model, (float)Rate);
            double[] p = new double[Length], m = new double[Length], v = new double[Length];
            for (int t = 1; t <= 25; t++)
            {
                float[] gradient = Numbers.Normal(Length, (ulong)t);
                model.First.SetGradient(gradient);
                adam.Step();
                for (int i = 0; i < Length; i++)
                {
                    m[i] = Beta1 * m[i] + (1 - Beta1) * gradient[i];
                    v[i] = Beta2 * v[i] + (1 - Beta2) * gradient[i] * gradient[i];
                    double corrected = v[i] / (1 - Math.Pow(Beta2, t));
                    p[i] -= Rate / (1 - Math.Pow(Beta1, t)) * m[i] / (Math.Sqrt(corrected) + Epsilon);
                }
                double error = Numbers.RelativeError([.. p.Select(value => (float)value)], model.First.ToArray());
                Assert.True(error < 1e-6, $"{device.Description}, step {t}: off by {error:E1}");
            }
            Assert.Equal(25, adam.Steps);
        }
    }

    [Fact]
    public void The_first_step_is_the_learning_rate_against_the_sign()
    {
        var model = new TwoParameters();
        model.First.SetGradient([.. Enumerable.Range(0, Length).Select(i => i % 2 == 0 ? 1e-3f : -1000f)]);
        new Adam(model, 0.1f).Step();
        float[] values = model.First.ToArray();
        for (int i = 0; i < Length; i++) Assert.Equal(i % 2 == 0 ? -0.1 : 0.1, values[i], 1e-5);
    }

    [Fact]
    public void A_parameter_without_a_gradient_is_left_as_it_is()
    {
        var model = new TwoParameters();
        var adam = new Adam(model, 0.1f);
        model.First.SetGradient(Numbers.Normal(Length, 1));
        model.Second.SetGradient(Numbers.Normal(Length, 2));
        adam.Step();
        float[] first = model.First.ToArray(), second = model.Second.ToArray();
        float[][] moments = [.. adam.State().Select(entry => entry.Tensor.ToArray())];

        model.Second.ClearGradient();
        adam.Step();
        Assert.NotEqual(first, model.First.ToArray());
        Assert.Equal(second, model.Second.ToArray());
        // Its moments do not change either; entries 0 and 1 are First's.
        Assert.Equal(moments[2..], adam.State().Skip(2).Select(entry => entry.Tensor.ToArray()));
        Assert.NotEqual(moments[0], adam.State().First().Tensor.ToArray());
    }

    [Fact]
    public void State_and_steps_resume_training_exactly()
    {
        var model = new TwoParameters();
        var adam = new Adam(model, 0.1f);
        Assert.Equal(
            ["first.exp_avg", "first.exp_avg_sq", "second.exp_avg", "second.exp_avg_sq"],
            adam.State().Select(entry => entry.Name));
        Train(model, adam, from: 1, to: 6);

        var resumed = new TwoParameters();
        var resumedAdam = new Adam(resumed, 0.1f);
        var half = new TwoParameters();
        var halfAdam = new Adam(half, 0.1f);
        Train(half, halfAdam, from: 1, to: 3);
        foreach (((_, Tensor to), (_, Tensor from)) in resumed.State().Zip(half.State())) to.CopyFrom(from.ToArray());
        foreach (((_, Tensor to), (_, Tensor from)) in resumedAdam.State().Zip(halfAdam.State()))
            to.CopyFrom(from.ToArray());
        resumedAdam.Steps = halfAdam.Steps;
        Train(resumed, resumedAdam, from: 4, to: 6);
        Assert.Equal(model.First.ToArray(), resumed.First.ToArray());
        Assert.Equal(model.Second.ToArray(), resumed.Second.ToArray());
    }

    [Fact]
    public void The_learning_rate_can_change_between_steps()
    {
        var model = new TwoParameters();
        var adam = new Adam(model, 0.1f);
        model.First.SetGradient([.. Enumerable.Repeat(1f, Length)]);
        adam.Step();
        adam.LearningRate = 0.01f;
        adam.Step();
        // A constant gradient moves the parameter by the learning rate each time.
        Assert.Equal(-0.11, model.First.ToArray()[0], 1e-6);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1e-3f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_learning_rate_is_finite_and_positive(float rate) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(new TwoParameters(), rate));

    [Theory]
    [InlineData(-1e-3f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_weight_decay_is_finite_and_not_negative(float decay) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(new TwoParameters(), 0.1f, decay));

    /// <summary>The decay follows the learning rate of the step and does not enter the moments.</summary>
    [Fact]
    public void With_a_zero_gradient_a_parameter_decays_by_the_learning_rate_times_the_weight_decay()
    {
        foreach (Device device in Kernels.All)
        {
            var model = new TwoParameters(device);
            var adam = new Adam(model, 0.1f, weightDecay: 0.5f);
            model.First.Fill(2);
            model.Second.Fill(2);
            model.First.SetGradient(new float[Length]);
            adam.Step();
            adam.LearningRate = 0.01f;
            adam.Step();
            foreach (float value in model.First.ToArray()) Assert.Equal(2 * 0.95 * 0.995, value, 1e-6);
            Assert.All(model.Second.ToArray(), value => Assert.Equal(2, value));
            Assert.All(adam.State(), entry => Assert.All(entry.Tensor.ToArray(), moment => Assert.Equal(0, moment)));
        }
    }

    /// <summary>The first parameter is a table, the second a vector.</summary>
    [Theory]
    [InlineData(ParameterRoles.Matrix, false, false)]
    [InlineData(ParameterRoles.Table, true, false)]
    [InlineData(ParameterRoles.Vector, false, true)]
    [InlineData(ParameterRoles.Matrix | ParameterRoles.Table, true, false)]
    [InlineData(ParameterRoles.All, true, true)]
    [InlineData(ParameterRoles.None, false, false)]
    public void Only_parameters_of_the_given_roles_decay(ParameterRoles decayed, bool first, bool second)
    {
        var model = new TwoParameters();
        using var adam = new Adam(model, 0.1f, weightDecay: 0.5f, decayed);
        model.First.Fill(2);
        model.Second.Fill(2);
        model.First.SetGradient(new float[Length]);
        model.Second.SetGradient(new float[Length]);
        adam.Step();
        Assert.All(model.First.ToArray(), value => Assert.Equal(first ? 1.9f : 2, value));
        Assert.All(model.Second.ToArray(), value => Assert.Equal(second ? 1.9f : 2, value));
    }

    private static void Train(TwoParameters model, Adam adam, int from, int to)
    {
        for (int step = from; step <= to; step++)
        {
            model.First.SetGradient(Numbers.Normal(Length, (ulong)step));
            model.Second.SetGradient(Numbers.Normal(Length, 100 + (ulong)step));
            adam.Step();
        }
    }
}
