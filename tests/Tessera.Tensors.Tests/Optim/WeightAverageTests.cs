using Tessera.Tensors.Devices;
using Tessera.Tensors.Optim;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Optim;

public class WeightAverageTests
{
    private const int Length = TwoParameters.Length;

    /// <summary>The first 81 updates use (1 + t) / (10 + t), which is above 0.9 from then on.</summary>
    [Fact]
    public void Averages_are_those_of_the_formula_in_double_precision()
    {
        const double Decay = 0.9;
        foreach (Device device in Kernels.All)
        {
            var model = new TwoParameters(device);
            SetParameters(model, step: 0);
            var average = new WeightAverage(model, Decay);
            double[] expected = [.. model.Second.ToArray()];
            for (int t = 0; t < 100; t++)
            {
                SetParameters(model, t + 1);
                average.Update();
                float[] values = model.Second.ToArray();
                double decay = t < 81 ? (1.0 + t) / (10 + t) : Decay;
                for (int i = 0; i < Length; i++) expected[i] = decay * expected[i] + (1 - decay) * values[i];
                double error = Numbers.RelativeError([.. expected.Select(value => (float)value)], Averages(average)[1]);
                Assert.True(error < 5e-7, $"{device.Description}, update {t + 1}: off by {error:E1}");
            }
            Assert.Equal(100, average.Updates);
        }
    }

    [Fact]
    public void Averages_start_as_the_parameters_and_have_their_names()
    {
        var model = new TwoParameters();
        SetParameters(model, 1);
        var average = new WeightAverage(model, 0.999);
        Assert.Equal(["first.average", "second.average"], average.State().Select(entry => entry.Name));
        Assert.Equal([model.First.ToArray(), model.Second.ToArray()], Averages(average));
        // The averages are copies: they do not follow the parameters.
        SetParameters(model, 2);
        Assert.NotEqual(model.First.ToArray(), Averages(average)[0]);
    }

    [Fact]
    public void A_decay_of_zero_keeps_the_last_parameters()
    {
        var model = new TwoParameters();
        var average = new WeightAverage(model, 0);
        SetParameters(model, 1);
        average.Update();
        Assert.Equal([model.First.ToArray(), model.Second.ToArray()], Averages(average));
    }

    [Fact]
    public void Swapping_twice_restores_every_bit()
    {
        foreach (Device device in Kernels.All)
        {
            var model = new TwoParameters(device);
            var average = new WeightAverage(model, 0.99);
            SetParameters(model, 1);
            average.Update();
            model.First.CopyFrom([.. Enumerable.Range(0, Length).Select(i => i % 2 == 0 ? -0f : i)]);
            model.Untrained.Fill(7);
            float[][] raw = [model.First.ToArray(), model.Second.ToArray()], averages = Averages(average);

            average.Swap();
            Assert.True(average.IsSwapped);
            Assert.Equal(averages, [model.First.ToArray(), model.Second.ToArray()]);
            Assert.Equal(raw, Averages(average));
            average.Swap();
            Assert.False(average.IsSwapped);
            Assert.True(
                Numbers.SameBits(raw[0], model.First.ToArray()), $"{device.Description} changed the first parameter");
            Assert.True(
                Numbers.SameBits(raw[1], model.Second.ToArray()), $"{device.Description} changed the second parameter");
            Assert.Equal(averages, Averages(average));
            Assert.All(model.Untrained.ToArray(), value => Assert.Equal(7, value));
        }
    }

    [Fact]
    public void A_swapped_model_cannot_be_updated()
    {
        var average = new WeightAverage(new TwoParameters(), 0.99);
        average.Swap();
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(average.Update);
        Assert.Contains("swap them back", refused.Message);
        average.Swap();
        average.Update();
        Assert.Equal(1, average.Updates);
    }

    [Fact]
    public void State_and_updates_resume_the_averages_exactly()
    {
        var model = new TwoParameters();
        var whole = new WeightAverage(model, 0.5);
        Update(whole, from: 1, to: 20);

        // Stopped while the decay still depends on the number of updates.
        model.First.Fill(0);
        model.Second.Fill(0);
        var stopped = new WeightAverage(model, 0.5);
        Update(stopped, from: 1, to: 4);
        var resumed = new WeightAverage(model, 0.5) { Updates = stopped.Updates };
        foreach (((_, Tensor to), (_, Tensor from)) in resumed.State().Zip(stopped.State()))
            to.CopyFrom(from.ToArray());
        Update(resumed, from: 5, to: 20);
        Assert.Equal(Averages(whole), Averages(resumed));

        void Update(WeightAverage average, int from, int to)
        {
            for (int step = from; step <= to; step++)
            {
                SetParameters(model, step);
                average.Update();
            }
        }
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.0)]
    [InlineData(double.NaN)]
    public void A_decay_is_at_least_zero_and_below_one(double decay) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightAverage(new TwoParameters(), decay));

    private static float[][] Averages(WeightAverage average) =>
        [.. average.State().Select(entry => entry.Tensor.ToArray())];

    private static void SetParameters(TwoParameters model, int step)
    {
        model.First.CopyFrom(Numbers.Normal(Length, (ulong)step));
        model.Second.CopyFrom(Numbers.Normal(Length, 100 + (ulong)step));
    }
}
