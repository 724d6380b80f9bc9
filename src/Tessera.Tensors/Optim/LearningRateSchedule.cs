namespace Tessera.Tensors.Optim;

/// <summary>How a learning rate goes on after its warm-up.</summary>
public enum LearningRateShape
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>It falls to 0 along half a cosine (Loshchilov and Hutter 2017, "SGDR", equation 5, one cycle).</summary>
    Cosine,
}

/// <summary>
/// The learning rate of each update: <c>peak * min(1, (update + 1) / warm-up) * (1 + cos(pi done)) / 2</c>, the last factor
/// for <see cref="LearningRateShape.Cosine"/> alone. (The linear warm-up is that of Goyal et al. 2017, section 2.2.)
/// </summary>
/// <param name="Peak">The rate after the warm-up, above 0.</param>
/// <param name="WarmUp">Updates in which the rate rises in a straight line, at least 0.</param>
/// <param name="Shape">How it goes on.</param>
/// <example><code>
/// var schedule = new LearningRateSchedule(Peak: 2e-3f, WarmUp: 100, LearningRateShape.Cosine);
/// optimizer.LearningRate = schedule.At(update: 500, done: 0.5);   // 1e-3
/// </code></example>
public readonly record struct LearningRateSchedule(float Peak, long WarmUp, LearningRateShape Shape)
{
    /// <summary>The rate of an update.</summary>
    /// <param name="update">Updates made before it.</param>
    /// <param name="done">The part of the run that is done, 0 to 1; outside, the nearer of the two.</param>
    public float At(long update, double done)
    {
        double rate = Peak;
        if (update < WarmUp) rate *= (update + 1.0) / WarmUp;
        if (Shape == LearningRateShape.Cosine) rate *= (1 + Math.Cos(Math.PI * Math.Clamp(done, 0, 1))) / 2;
        return (float)rate;
    }
}
