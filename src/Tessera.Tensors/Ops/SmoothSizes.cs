namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Laplace smoothing of K sizes with the sum n: <c>smoothed = (sizes + epsilon) / (n + K epsilon) * n</c>, so that
    /// no size is 0 and the sum stays. Nothing is recorded.
    /// </summary>
    /// <param name="sizes">Any shape, elements at least 0.</param>
    /// <param name="epsilon">Added to each size, above 0.</param>
    /// <param name="smoothed">Receives the result: the shape of the sizes, or the sizes themselves.</param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static void SmoothSizes(this Tensor sizes, double epsilon, Tensor smoothed)
    {
        CheckSameShape(sizes, smoothed);
        CheckSameDevice(sizes, smoothed);
        sizes.Device.SmoothSizes(sizes.Storage, epsilon, smoothed.Storage);
    }
}
