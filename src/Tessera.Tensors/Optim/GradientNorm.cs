using Tessera.Tensors.Devices;
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
    /// <param name="norm">
    /// Receives the norm <c>|g|</c> before clipping, a tensor of one element. If a gradient is not finite, neither is
    /// the norm, and nothing is clipped: scaling would not repair that gradient, and would set the others to 0.
    /// </param>
    /// <exception cref="ArgumentException">The norm's tensor has more than one element.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is NaN, or not above 0.</exception>
    public static void Clip(Module model, float maxNorm, Tensor norm)
    {
        if (!(maxNorm > 0))
            throw new ArgumentOutOfRangeException(nameof(maxNorm), maxNorm, "the largest norm must be above 0");
        norm.Shape.ThrowIfNotLength(1, nameof(norm));
        Storage<float>[] gradients =
        [
            .. model.Parameters().Select(parameter => parameter.Tensor.Gradient).OfType<Tensor>()
                .Select(gradient => gradient.Storage),
        ];
        norm.Device.ClipByNorm(gradients, maxNorm, norm.Storage);
    }
}
