namespace Tessera.Tensors.Optim;

/// <summary>The shape of a learning rate schedule after the warm-up.</summary>
public enum LearningRateShape
{
    /// <summary>The rate stays at its peak.</summary>
    Constant,

    /// <summary>
    /// The rate falls to 0 along half a cosine (Loshchilov and Hutter 2017, "SGDR", equation 5, one cycle).
    /// </summary>
    Cosine,
}

/// <summary>
/// The learning rate of each update: <c>peak * min(1, (update + 1) / warm-up) * (1 + cos(pi done)) / 2</c>, the last
/// factor only with <see cref="LearningRateShape.Cosine"/>. (The linear warm-up is that of Goyal et al. 2017, section
/// 2.2.)
/// </summary>
/// <param name="Peak">The rate after the warm-up, above 0.</param>
/// <param name="WarmUp">The number of updates over which the rate rises linearly, at least 0.</param>
/// <param name="Shape">The shape after the warm-up.</param>
/// <example><code>
/// var schedule = new LearningRateSchedule(Peak: 2e-3f, WarmUp: 100, LearningRateShape.Cosine);
/// optimizer.LearningRate = schedule.At(update: 500, done: 0.5);   // 1e-3
/// </code></example>
public readonly record struct LearningRateSchedule(float Peak, long WarmUp, LearningRateShape Shape)
{
    /// <summary>The rate of an update.</summary>
    /// <param name="update">The number of updates before it.</param>
    /// <param name="done">The fraction of the run that is done; clamped to 0 to 1.</param>
    public float At(long update, double done)
    {
        double rate = Peak;
        if (update < WarmUp) rate *= (update + 1.0) / WarmUp;
        if (Shape == LearningRateShape.Cosine) rate *= (1 + Math.Cos(Math.PI * Math.Clamp(done, 0, 1))) / 2;
        return (float)rate;
    }
}
