using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Moves a running average in place: <c>average = decay * average + (1 - decay) * value</c>. Nothing is recorded.
    /// </summary>
    /// <param name="average">Any shape; overwritten.</param>
    /// <param name="value">The shape of the average.</param>
    /// <param name="decay">
    /// How much of the old average stays, 0 to 1. In double precision, because 1 - 0.99f is off by 1e-6.
    /// </param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static void MoveAverage(this Tensor average, Tensor value, double decay)
    {
        average.MoveAverage(value, (float)decay, (float)(1 - decay));
    }

    /// <summary>
    /// The same with <c>average = keep * average + add * value</c>, for numbers that change from update to update.
    /// </summary>
    /// <param name="average">Any shape; overwritten.</param>
    /// <param name="value">The shape of the average.</param>
    /// <param name="keep">The factor of the old average.</param>
    /// <param name="add">The factor of the value: 1 - keep, computed in double precision.</param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static void MoveAverage(this Tensor average, Tensor value, Number keep, Number add)
    {
        CheckSameShape(average, value);
        CheckSameDevice(average, value);
        average.Device.MoveAverage(average.Storage, value.Storage, keep, add);
    }
}
