using Tessera.Tensors.Devices;
using Tessera.Tensors.Optim;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Optim;

public class GradientNormTests
{
    private static readonly float[] First = Numbers.Normal(TwoParameters.Length, 1);

    // Much longer than the first: clipping each parameter by its own norm would clip this one alone.
    private static readonly float[] Second = [.. Numbers.Normal(TwoParameters.Length, 2).Select(value => 30 * value)];

    private static readonly double Norm = Math.Sqrt(First.Concat(Second).Sum(value => (double)value * value));

    [Fact]
    public void A_norm_above_the_maximum_is_shortened_to_it_and_keeps_its_direction()
    {
        const float MaxNorm = 0.5f;
        double factor = MaxNorm / (Norm + 1e-6);
        foreach (Device device in Kernels.All)
        {
            TwoParameters model = WithGradients(device);
            Assert.Equal(1, Clip(model, MaxNorm) / Norm, 1e-6);
            AssertScaled(First, model.First);
            AssertScaled(Second, model.Second);
            Assert.Equal(MaxNorm, Clip(model, float.PositiveInfinity), 1e-6);

            void AssertScaled(float[] before, Tensor parameter)
            {
                float[] expected = [.. before.Select(value => (float)(factor * value))];
                double error = Numbers.RelativeError(expected, parameter.Gradient!.ToArray());
                Assert.True(error < 3e-7, $"{device.Description}: off by {error:E1}");
            }
        }
    }

    [Theory]
    [InlineData(1e6f)]
    [InlineData(float.PositiveInfinity)]
    public void A_norm_below_the_maximum_changes_no_bit(float maxNorm)
    {
        TwoParameters model = WithGradients(null);
        Assert.Equal(Norm, Clip(model, maxNorm), 1e-6 * Norm);
        Assert.True(Numbers.SameBits(First, model.First.Gradient!.ToArray()), "the first gradient changed");
        Assert.True(Numbers.SameBits(Second, model.Second.Gradient!.ToArray()), "the second gradient changed");
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        float[] gradient = Numbers.Normal(100_003, 3);
        foreach ((string name, var byThreads) in Kernels.Fast)
        {
            var results = byThreads.Select(device =>
            {
                var model = new TwoParameters(device, gradient.Length);
                model.First.SetGradient(gradient);
                return (Norm: Clip(model, 1), Gradient: model.First.Gradient!.ToArray());
            }).ToArray();
            Assert.All(results, result => Assert.Equal(results[0].Norm, result.Norm));
            Assert.All(results, result => Assert.True(Numbers.SameBits(results[0].Gradient, result.Gradient), name));
        }
    }

    [Fact]
    public void Gradients_whose_squares_are_no_float_are_clipped_like_others()
    {
        TwoParameters model = WithGradients(null);
        model.First.SetGradient([.. Enumerable.Repeat(1e25f, TwoParameters.Length)]);
        Assert.Equal(1, Clip(model, 1) / (1e25 * Math.Sqrt(TwoParameters.Length)), 1e-6);
        Assert.Equal(1 / Math.Sqrt(TwoParameters.Length), model.First.Gradient!.ToArray()[5], 1e-6);
    }

    [Fact]
    public void A_parameter_without_a_gradient_counts_as_zero()
    {
        TwoParameters model = WithGradients(null);
        model.Second.ClearGradient();
        double norm = Math.Sqrt(First.Sum(value => (double)value * value));
        Assert.Equal(norm, Clip(model, 0.1f), 1e-6 * norm);
        Assert.Null(model.Second.Gradient);
        Assert.Equal(0, Clip(new TwoParameters(), 0.1f));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void A_gradient_that_is_not_finite_shows_in_the_norm_and_is_left_as_it_is(float value)
    {
        TwoParameters model = WithGradients(null);
        float[] gradient = [.. First];
        gradient[20] = value;
        model.First.SetGradient(gradient);
        Assert.False(double.IsFinite(Clip(model, 0.1f)), $"{value} does not show");
        Assert.Equal(gradient, model.First.Gradient!.ToArray());
        Assert.Equal(Second, model.Second.Gradient!.ToArray());
    }

    [Fact]
    public void The_norms_tensor_has_one_element() => Assert.Throws<ArgumentException>(
        () => GradientNorm.Clip(WithGradients(null), 1, Tensor.Zeros([2])));

    [Theory]
    [InlineData(0f)]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    public void A_largest_norm_is_above_zero(float maxNorm) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Clip(WithGradients(null), maxNorm));

    private static float Clip(TwoParameters model, float maxNorm)
    {
        using Tensor norm = Tensor.From([-1f], [1], model.First.Device);
        GradientNorm.Clip(model, maxNorm, norm);
        return norm.Item();
    }

    private static TwoParameters WithGradients(Device? device)
    {
        var model = new TwoParameters(device);
        model.First.SetGradient(First);
        model.Second.SetGradient(Second);
        return model;
    }
}
