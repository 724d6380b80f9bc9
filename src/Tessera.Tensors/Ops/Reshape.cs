using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The same elements in the same order under another shape: <c>y[i] = x[i]</c>, <c>dx[i] = dy[i]</c>.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <param name="shape">A shape of as many elements.</param>
    /// <returns>The shape asked for, in the memory of x.</returns>
    /// <exception cref="ArgumentException">The numbers of elements differ.</exception>
    public static Tensor Reshape(this Tensor x, Shape shape)
    {
        if (shape.Length != x.Shape.Length)
            throw new ArgumentException(
                $"{x.Shape} has {x.Shape.Length} elements and cannot be reshaped to {shape}", nameof(shape));
        return View(x, shape, x.Tape);
    }

    /// <summary>
    /// The same tensor on a tape: operations on parameters alone are recorded there. A gradient flows back to x.
    /// </summary>
    /// <param name="x">A tensor without a tape, or of that tape.</param>
    /// <param name="tape">The tape; null for none.</param>
    /// <returns>The shape of x, in its memory.</returns>
    /// <exception cref="ArgumentException">The tensor is on another tape.</exception>
    public static Tensor On(this Tensor x, Tape? tape)
    {
        if (x.Tape == tape) return x;
        if (x.Tape is not null) throw new ArgumentException("the tensor is on another tape", nameof(tape));
        return View(x, x.Shape, tape);
    }

    private static Tensor View(Tensor x, Shape shape, Tape? tape)
    {
        tape?.Use(x);
        Tensor y = x.Alias(shape, tape, x.RequiresGradient && tape is { Recording: true });
        return Tape.Record(y, gradY => x.AddGradient(gradY.Alias(x.Shape, gradY.Tape, requiresGradient: false)));
    }
}
