using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The straight-through estimator (Bengio et al. 2013; van den Oord et al. 2017, section 3.2): the value of
    /// <paramref name="replacement"/> forward, the gradient of x backward: <c>y = x + sg[replacement - x]</c>,
    /// <c>dx = dy</c>. (The value is the replacement itself, without the two roundings of that sum.)
    /// </summary>
    /// <param name="x">Any shape; what the gradient goes to.</param>
    /// <param name="replacement">The shape of x; the value.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor StraightThrough(this Tensor x, Tensor replacement)
    {
        CheckSameShape(x, replacement);
        Tensor y = Tape.Result(x.Shape, x, replacement);
        y.Device.Scale(replacement.Storage, 1, y.Storage, accumulate: false);
        return Tape.Record(y, gradY => PassGradient(gradY, x, scale: 1));
    }
}
