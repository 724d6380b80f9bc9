using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The straight-through estimator (Bengio et al. 2013; van den Oord et al. 2017, section 3.2): the value of
    /// <paramref name="replacement"/> forward, the gradient of x backward: <c>y = x + sg[replacement - x]</c>,
    /// <c>dx = dy</c>. (The value is the replacement itself, in its memory, without the two roundings of that sum.)
    /// </summary>
    /// <param name="x">Any shape; gets the gradient.</param>
    /// <param name="replacement">The shape of x; gives the value and gets no gradient.</param>
    /// <returns>The shape of x, in the memory of the replacement.</returns>
    /// <exception cref="ArgumentException">The shapes, tapes or devices differ.</exception>
    public static Tensor StraightThrough(this Tensor x, Tensor replacement)
    {
        Tensor y = Replace(x, replacement);
        return Tape.Record(y, _ => x.Slot.Take(y));
    }

    /// <summary>A result in the replacement's memory that depends on x alone; nothing is recorded yet.</summary>
    private static Tensor Replace(Tensor x, Tensor replacement)
    {
        CheckSameShape(x, replacement);
        Tape? tape = x.Tape ?? replacement.Tape;
        if (tape != (replacement.Tape ?? tape) || x.Device != replacement.Device)
            throw new ArgumentException(
                "the input and its replacement are on different tapes or devices", nameof(replacement));
        tape?.Use(x);
        return replacement.Alias(replacement.Shape, tape, x.RequiresGradient && tape is { Recording: true });
    }
}
