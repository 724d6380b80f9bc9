namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Moves a running average in place: <c>average = decay * average + (1 - decay) * value</c>. Nothing is recorded.
    /// </summary>
    /// <param name="average">Any shape; overwritten.</param>
    /// <param name="value">The shape of the average.</param>
    /// <param name="decay">How much of the old average stays, 0 to 1. In double precision, for 1 - 0.99f is off by 1e-6.</param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static void MoveAverage(this Tensor average, Tensor value, double decay)
    {
        ThrowIfShapesDiffer(average, value);
        average.Device.MovingAverage(average.Storage, value.Storage, decay);
    }

    /// <summary>Divides each row of x by its own number: <c>y[i] = x[i] / divisors[i]</c>. Nothing is recorded.</summary>
    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="divisors"><c>[rows]</c>.</param>
    /// <param name="y">Receives the quotients: the shape of x; overwritten.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static void DivideRows(this Tensor x, Tensor divisors, Tensor y)
    {
        ThrowIfShapesDiffer(x, y);
        if (divisors.Shape.Length != x.Shape.Rows)
            throw new ArgumentException($"{divisors.Shape} does not hold a divisor for each row of {x.Shape}.", nameof(divisors));
        x.Device.DivideRows(x.Storage, divisors.Storage, x.Shape.Last, y.Storage);
    }
}
