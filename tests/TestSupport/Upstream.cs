using Tessera.Tensors;
using Tessera.Tensors.Ops;

namespace Tessera.TestSupport;

/// <summary>Starts a backward pass with a gradient of the test's choice.</summary>
internal static class Upstream
{
    /// <summary>
    /// A number that grows by <c>dy</c> with y: its gradient with respect to y is that of <c>sum(dy * y)</c>, to the
    /// bit. For <c>L = n/2 * mean((0 - -dy)^2)</c> has the gradient dy where 0 stands, and straight through from there
    /// y gets it.
    /// </summary>
    /// <param name="y">Any shape.</param>
    /// <param name="dy">The gradient that y shall get, fewer than 2^24 numbers.</param>
    public static Tensor WithGradient(this Tensor y, ReadOnlySpan<float> dy)
    {
        float[] negative = new float[dy.Length];
        for (int i = 0; i < dy.Length; i++) negative[i] = -dy[i];
        Tensor zeros = Constant(y, new float[dy.Length]);
        return y.StraightThrough(zeros).MeanSquaredError(Constant(y, negative)).Scale(dy.Length / 2f);
    }

    private static Tensor Constant(Tensor like, float[] values) =>
        like.Tape?.Input(values, like.Shape) ?? Tensor.From(values, like.Shape, like.Device);
}
