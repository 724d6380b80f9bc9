using Tessera.Tensors.Nn;

namespace Tessera.Tensors.Optim;

/// <summary>
/// Clipping by global norm (Pascanu, Mikolov and Bengio 2013, algorithm 1): where the gradients of all parameters, taken
/// for one vector g, are longer than a maximum, they are shortened to it and keep their direction. As PyTorch's
/// <c>clip_grad_norm_</c> computes it: <c>g *= min(1, maxNorm / (|g| + 1e-6))</c>.
/// </summary>
public static class GradientNorm
{
    /// <summary>Clips the gradients of a model in place, after the backward pass and before the optimizer's step.</summary>
    /// <param name="model">Whose gradients; parameters without one count as 0.</param>
    /// <param name="maxNorm">The norm to stay below, above 0; infinity only measures.</param>
    /// <returns>
    /// The norm <c>|g|</c> before clipping. It is not finite only where a gradient is not, and then nothing was clipped:
    /// no factor would make those gradients good, and zeros in the place of the others would hide them.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is NaN, or not above 0.</exception>
    public static double Clip(Module model, float maxNorm)
    {
        if (!(maxNorm > 0)) throw new ArgumentOutOfRangeException(nameof(maxNorm), maxNorm, "A largest norm is above 0.");
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
