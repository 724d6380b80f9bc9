namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Divides each row of x by its divisor: <c>y[i] = x[i] / divisors[i]</c>; where the divisor is 0, row i of y keeps
    /// its values. Nothing is recorded.
    /// </summary>
    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="divisors"><c>[rows]</c>.</param>
    /// <param name="y">Receives the quotients: the shape of x, or x itself.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static void DivideRows(this Tensor x, Tensor divisors, Tensor y)
    {
        CheckSameShape(x, y);
        if (divisors.Shape.Length != x.Shape.Rows)
            throw new ArgumentException(
                $"{divisors.Shape} does not hold one divisor for each row of {x.Shape}", nameof(divisors));
        CheckSameDevice(x, divisors);
        CheckSameDevice(x, y);
        x.Device.DivideRows(x.Storage, divisors.Storage, x.Shape.Last, y.Storage);
    }
}
