using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The rotation trick (Fifty et al. 2024, arXiv:2410.06424, section 4): each row of x becomes its row of the replacement
    /// e, as if a fixed rotation R and scale had taken it there,
    /// <c>y = sg[|e| / |x| R] x = e</c>, so that backward <c>dx = |e| / |x| R^T dy</c> keeps the angle between
    /// gradient and vector, where <see cref="StraightThrough"/> drops it. With hats for unit vectors and
    /// <c>r = (e^ + x^) / |e^ + x^|</c>, <c>R = I - 2 r r^T + 2 e^ x^T</c> (Householder).
    /// </summary>
    /// <remarks>Where x or e is zero or the two are opposite, no such rotation is defined: the gradient goes straight through.</remarks>
    /// <param name="x">Any shape but a scalar's; what the gradient goes to.</param>
    /// <param name="replacement">The shape of x; the value. No gradient goes to it.</param>
    /// <returns>The shape of x, in the memory of the replacement.</returns>
    /// <exception cref="ArgumentException">The shapes, tapes or devices differ.</exception>
    public static Tensor RotateTo(this Tensor x, Tensor replacement)
    {
        Tensor y = Replace(x, replacement);
        return Tape.Record(y, gradY => gradY.Device.RotationGradient(
            x.Storage, y.Storage, gradY.Storage, x.Shape.Last, x.GradientTarget(out bool accumulate), accumulate));
    }
}
