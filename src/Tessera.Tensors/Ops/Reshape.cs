using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The same elements in the same order under another shape: <c>y[i] = x[i]</c>, <c>dx[i] = dy[i]</c>.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <param name="shape">A shape of as many elements.</param>
    /// <param name="tape">The tape to record on, for an input without one; null for the input's own.</param>
    /// <returns>The shape asked for, in the memory of x.</returns>
    /// <exception cref="ArgumentException">The numbers of elements differ, or x is on another tape.</exception>
    public static Tensor Reshape(this Tensor x, Shape shape, Tape? tape = null)
    {
        if (shape.Length != x.Shape.Length)
            throw new ArgumentException(
                $"{x.Shape} has {x.Shape.Length} elements and cannot be reshaped to {shape}", nameof(shape));
        if ((tape ??= x.Tape) != (x.Tape ?? tape))
            throw new ArgumentException("the input is on another tape", nameof(tape));
        Tensor y = x.Alias(shape, tape, x.RequiresGradient && tape is { Recording: true });
        return Tape.Record(
            y, gradY => gradY.Device.Scale(gradY.Storage, 1, x.GradientTarget(out bool accumulate), accumulate));
    }
}
