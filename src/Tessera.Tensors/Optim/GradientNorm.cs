using Tessera.Tensors.Nn;

namespace Tessera.Tensors.Optim;

/// <summary>
/// Clipping by global norm (Pascanu, Mikolov and Bengio 2013, algorithm 1): if the gradients of all parameters, taken
/// as one vector g, are longer than a maximum, they are scaled down to it. Computed as PyTorch's
/// <c>clip_grad_norm_</c>: <c>g *= min(1, maxNorm / (|g| + 1e-6))</c>.
/// </summary>
public static class GradientNorm
{
    /// <summary>
    /// Clips the gradients of a model in place, after the backward pass and before the optimizer's step.
    /// </summary>
    /// <param name="model">The model; a parameter without a gradient counts as 0.</param>
    /// <param name="maxNorm">The largest norm, above 0; with infinity nothing is clipped.</param>
    /// <returns>
    /// The norm <c>|g|</c> before clipping. If a gradient is not finite, neither is the norm, and nothing is clipped:
    /// scaling would not repair that gradient, and would set the others to 0.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is NaN, or not above 0.</exception>
    public static double Clip(Module model, float maxNorm)
    {
        if (!(maxNorm > 0))
            throw new ArgumentOutOfRangeException(nameof(maxNorm), maxNorm, "the largest norm must be above 0");
        double sumOfSquares = 0;
        foreach (Tensor gradient in Gradients(model)) sumOfSquares += gradient.Device.SumOfSquares(gradient.Storage);
        double norm = Math.Sqrt(sumOfSquares);
        double factor = maxNorm / (norm + 1e-6);
        if (double.IsFinite(norm) && factor < 1)
        {
            foreach (Tensor gradient in Gradients(model))
            {
                gradient.Device.Scale(gradient.Storage, (float)factor, gradient.Storage, accumulate: false);
            }
        }
        return norm;
    }

    private static IEnumerable<Tensor> Gradients(Module model) =>
        model.Parameters().Select(parameter => parameter.Tensor.Gradient).OfType<Tensor>();
}
