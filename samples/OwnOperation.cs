using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Ops;

namespace Tessera.Samples;

/// <summary>An operation of one's own with its gradient: the product of two tensors, element by element.</summary>
public static class OwnOperation
{
    /// <summary>y = a b: da = dy b, db = dy a.</summary>
    /// <param name="a">Any shape.</param>
    /// <param name="b">The same shape.</param>
    public static Tensor Multiply(Tensor a, Tensor b) => Tape.Record(Product(a, b), gradient =>
    {
        // Detached, so that the products of the backward pass are not recorded.
        a.AddGradient(Product(gradient, b.Detach()));
        b.AddGradient(Product(gradient, a.Detach()));
    });

    /// <returns>The gradient of the mean of (x x - 1)^2 at x = 2 and 3, which is 2 x (x x - 1): 12 and 48.</returns>
    public static float[] Run()
    {
        using var tape = new Tape();
        Tensor x = tape.Variable([2, 3], [2]);
        tape.Backward(Multiply(x, x).MeanSquaredError(tape.Input([1, 1], [2])));
        float[] gradient = x.Gradient!.ToArray();
        Console.WriteLine(string.Join(' ', gradient));
        return gradient;
    }

    private static Tensor Product(Tensor a, Tensor b)
    {
        Tensor product = Tape.Result(a.Shape, a, b);
        // Computed on the host; a faster operation calls the primitives of product.Device.
        float[] left = a.ToArray(), right = b.ToArray();
        product.CopyFrom([.. left.Zip(right, (x, y) => x * y)]);
        return product;
    }
}
