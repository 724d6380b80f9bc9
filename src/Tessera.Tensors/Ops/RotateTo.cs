using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The rotation trick (Fifty et al. 2024, arXiv:2410.06424, section 4): replaces each row of x by the row e of the
    /// replacement, as if a fixed rotation R and a fixed scale had moved it there: <c>y = sg[|e| / |x| R] x = e</c>.
    /// Backward: <c>dx = |e| / |x| R^T dy</c> keeps the angle between gradient and vector, which
    /// <see cref="StraightThrough"/> drops. With ^ for unit vectors and <c>r = (e^ + x^) / |e^ + x^|</c>,
    /// <c>R = I - 2 r r^T + 2 e^ x^T</c> (Householder).
    /// </summary>
    /// <remarks>
    /// Where x or e is zero, or the two point in opposite directions, no such rotation is defined and <c>dx = dy</c>.
    /// </remarks>
    /// <param name="x">Any shape but a scalar's; gets the gradient.</param>
    /// <param name="replacement">The shape of x; gives the value and gets no gradient.</param>
    /// <returns>The shape of x, in the memory of the replacement.</returns>
    /// <exception cref="ArgumentException">The shapes, tapes or devices differ.</exception>
    public static Tensor RotateTo(this Tensor x, Tensor replacement)
    {
        Tensor y = Replace(x, replacement);
        return Tape.Record(y, gradY => gradY.Device.RotationGradient(
            x.Storage, y.Storage, gradY.Storage, x.Shape.Last, x.Slot.Target(out bool accumulate), accumulate));
    }
}
