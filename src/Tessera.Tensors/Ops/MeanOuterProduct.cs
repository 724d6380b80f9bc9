using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The mean of the outer products of the rows: <c>z[i,j] = mean over r of x[r,i] y[r,j]</c>. Where the rows are
    /// distributions of independent variables, it is the mean of their joint distributions, without a tensor that has
    /// a joint distribution a row.
    /// Backward: <c>dx[r,i] = sum over j of dz[i,j] y[r,j] / rows</c>, <c>dy[r,j] = sum over i of dz[i,j] x[r,i] /
    /// rows</c>.
    /// </summary>
    /// <param name="x">Any shape with the columns innermost.</param>
    /// <param name="y">The shape of x but for the columns.</param>
    /// <returns><c>[columns of x, columns of y]</c>.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static Tensor MeanOuterProduct(this Tensor x, Tensor y)
    {
        if (x.Shape.Rank < 1 || y.Shape.Rank < 1 || x.Shape.WithoutLast() != y.Shape.WithoutLast())
            throw new ArgumentException($"the rows of {x.Shape} and {y.Shape} do not pair up");
        int rows = x.Shape.Rows;
        Tensor sum = Tape.Result([x.Shape.Last, y.Shape.Last], x, y);
        Device device = sum.Device;
        // As a linear map from rows of y to rows of x has its weights' gradient.
        var geometry = new Conv2dGeometry(1, rows, 1, y.Shape.Last, rows, 1, x.Shape.Last, 1, 1, 1, 0);
        device.Conv2dWeightGradient(
            geometry, y.Storage, x.Storage, sum.Storage, accumulate: false, gradBias: null, accumulateBias: false);
        return Tape.Record(sum, gradSum =>
        {
            if (x.RequiresGradient)
                device.Conv2d(
                    geometry, y.Storage, gradSum.Storage, GradientEpilogue(x, out Storage<float> gradX), gradX);
            if (y.RequiresGradient)
                device.Conv2dTransposed(
                    geometry, x.Storage, gradSum.Storage, GradientEpilogue(y, out Storage<float> gradY), gradY);
        }).Scale(1f / rows);
    }
}
