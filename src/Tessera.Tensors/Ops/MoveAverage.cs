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
        CheckSameShape(average, value);
        average.Device.MoveAverage(average.Storage, value.Storage, decay);
    }
}
