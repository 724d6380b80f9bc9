using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Ops;

namespace Tessera.Training;

/// <summary>
/// The loss of a batch, with its parts: as in the reference notebook, <c>MSE / data variance + quantizer loss</c>, or
/// with the terms of <see cref="LossOptions"/> in place of its first.
/// </summary>
/// <param name="Total">The loss to minimize, a scalar.</param>
/// <param name="ReconError">Mean squared error divided by the data variance, a scalar.</param>
/// <param name="Quantized">The quantizer's result: the codes and its loss.</param>
public readonly record struct TrainingLoss(Tensor Total, Tensor ReconError, Quantized Quantized)
{
    /// <summary>The perceptual distance, without its weight, a scalar; null if it is no part of the loss.</summary>
    public Tensor? Perceptual { get; init; }

    /// <summary>Runs a batch through a model. On a recording tape, codebooks of running averages are updated.</summary>
    /// <param name="model">The model.</param>
    /// <param name="images"><c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</param>
    /// <param name="dataVariance">The variance of the training images, above 0.</param>
    /// <param name="loss">How reconstructions are compared; null for the reference notebook's way.</param>
    /// <exception cref="ArgumentException">The images do not fit the model.</exception>
    public static TrainingLoss Of(VqVae model, Tensor images, double dataVariance, ReconstructionLoss? loss = null)
    {
        VqVaeOutput output = model.Forward(images);
        Tensor reconstruction = output.Reconstruction;
        Tensor? pixel = loss?.Pixel(reconstruction, images), perceptual = loss?.Perceptual(reconstruction, images);
        // Where another term takes its place, the error is measured only.
        Tensor measured = pixel is null ? reconstruction : reconstruction.Detach();
        Tensor reconError = measured.MeanSquaredError(images).Scale((float)(1 / dataVariance));
        Tensor total = (pixel ?? reconError).Add(output.Quantized.Loss);
        if (perceptual is not null) total = total.Add(perceptual.Scale(loss!.Options.Perceptual));
        return new TrainingLoss(total, reconError, output.Quantized) { Perceptual = perceptual };
    }
}
