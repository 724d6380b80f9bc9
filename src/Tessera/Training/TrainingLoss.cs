using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Ops;

namespace Tessera.Training;

/// <summary>
/// The loss of a batch as in the reference notebook, <c>MSE / data variance + quantizer loss</c>, with its parts.
/// </summary>
/// <param name="Total">The loss to minimize, a scalar.</param>
/// <param name="ReconError">Mean squared error divided by the data variance, a scalar.</param>
/// <param name="Quantized">The quantizer's result: the codes and its loss.</param>
public readonly record struct TrainingLoss(Tensor Total, Tensor ReconError, Quantized Quantized)
{
    /// <summary>Runs a batch through a model. On a recording tape, codebooks of running averages are updated.</summary>
    /// <param name="model">The model.</param>
    /// <param name="images"><c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</param>
    /// <param name="dataVariance">The variance of the training images, above 0.</param>
    /// <exception cref="ArgumentException">The images do not fit the model.</exception>
    public static TrainingLoss Of(VqVae model, Tensor images, double dataVariance)
    {
        VqVaeOutput output = model.Forward(images);
        Tensor reconError = output.Reconstruction.MeanSquaredError(images).Scale((float)(1 / dataVariance));
        return new TrainingLoss(reconError.Add(output.Quantized.Loss), reconError, output.Quantized);
    }
}
