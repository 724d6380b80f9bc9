using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The mean over rows of the squared distance of unit vectors: with <c>x^ = x / max(|x|, 1e-12)</c>,
    /// <c>L = sum over rows of |x^ - y^|^2 / rows</c>, 0 to 4. It is <see cref="NormalizeRows(Tensor)"/> of both and
    /// their <see cref="MeanSquaredError"/> times the columns, in one pass.
    /// Backward: <c>dy = dL * 2 / rows * (y^ (y^ . x^) - x^) / |y|</c>, 0 where y is shorter than 1e-12; dx likewise.
    /// </summary>
    /// <param name="x">Any shape but a scalar's; rows are innermost.</param>
    /// <param name="y">The shape of x.</param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor UnitRowDistance(this Tensor x, Tensor y)
    {
        CheckSameShape(x, y);
        Tensor distance = Tape.Result([], x, y);
        distance.Device.UnitRowDistance(x.Storage, y.Storage, x.Shape.Last, distance.Storage);
        return Tape.Record(distance, upstream =>
        {
            Add(x, y);
            Add(y, x);

            void Add(Tensor from, Tensor to)
            {
                if (!to.RequiresGradient) return;
                upstream.Device.UnitRowDistanceGradient(
                    from.Storage, to.Storage, to.Shape.Last, upstream.Storage, to.Slot.Target(out bool accumulate),
                    accumulate);
            }
        });
    }
}
