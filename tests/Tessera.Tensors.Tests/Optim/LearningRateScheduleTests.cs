using Tessera.Tensors.Optim;

namespace Tessera.Tensors.Tests.Optim;

public class LearningRateScheduleTests
{
    [Theory]
    [InlineData(0, 0, 0.002f)]
    [InlineData(7, 0.5, 0.002f)]
    [InlineData(7, 1, 0.002f)]
    public void A_constant_rate_stays(long update, double done, float rate) =>
        Assert.Equal(rate, new LearningRateSchedule(0.002f, 0, LearningRateShape.Constant).At(update, done));

    [Theory]
    [InlineData(0, 0.0005f)]
    [InlineData(1, 0.001f)]
    [InlineData(3, 0.002f)]
    [InlineData(4, 0.002f)]
    public void The_warm_up_is_a_straight_line_that_does_not_begin_at_zero(long update, float rate) =>
        Assert.Equal(rate, new LearningRateSchedule(0.002f, 4, LearningRateShape.Constant).At(update, 0), 1e-9f);

    [Theory]
    [InlineData(0, 2f)]
    [InlineData(0.25, 1.70710678f)]
    [InlineData(0.5, 1f)]
    [InlineData(0.75, 0.29289322f)]
    [InlineData(1, 0f)]
    [InlineData(1.01, 0f)]
    public void A_cosine_falls_to_zero_by_the_end(double done, float rate) =>
        Assert.Equal(rate, new LearningRateSchedule(2, 0, LearningRateShape.Cosine).At(100, done), 1e-6f);

    [Fact]
    public void Warm_up_and_cosine_multiply() =>
        Assert.Equal(0.5f, new LearningRateSchedule(2, 10, LearningRateShape.Cosine).At(4, 0.5), 1e-6f);
}
