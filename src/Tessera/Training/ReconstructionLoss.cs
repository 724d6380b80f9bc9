using Tessera.Features;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Training;

/// <summary>Compares reconstructions with their images in the ways that <see cref="LossOptions"/> choose.</summary>
public sealed class ReconstructionLoss : IDisposable
{
    /// <summary>The part of 1 - MS-SSIM in the pixel term (Zhao et al. 2017, section III.D).</summary>
    private const float SimilarityPart = 0.84f;

    private readonly MultiScaleSimilarity? _similarity;
    private readonly FeatureNetwork? _features;

    /// <summary>Prepares the comparison of images of a size.</summary>
    /// <param name="options">The options.</param>
    /// <param name="height">Height of the images in pixels.</param>
    /// <param name="width">Width of the images in pixels.</param>
    /// <param name="channels">Channels of the images.</param>
    /// <param name="features">
    /// The feature network, which this object then disposes; needed if there is a perceptual term, else null.
    /// </param>
    /// <param name="device">The device of the images and the network; null for the default device.</param>
    /// <exception cref="InputException">
    /// An option is out of range, the network is missing, or the images do not fit it.
    /// </exception>
    public ReconstructionLoss(
        LossOptions options, int height, int width, int channels, FeatureNetwork? features = null,
        Device? device = null)
    {
        options.Validate();
        if (options.Perceptual > 0 && features is null)
            throw new InputException("a perceptual term needs a feature network; give it one")
            { Option = nameof(features) };
        features?.CheckFit(height, width, channels);
        Options = options;
        _features = features;
        if (options.Pixel == PixelLoss.L1MsSsim)
            _similarity = new MultiScaleSimilarity(height, width, channels, device ?? Device.Default);
    }

    /// <summary>The options.</summary>
    public LossOptions Options { get; }

    /// <summary>The pixel term if it is not the recon_error; else null.</summary>
    /// <param name="reconstruction"><c>[batch, height, width, channels]</c>, pixels about [-0.5, 0.5].</param>
    /// <param name="images">Their images, in [-0.5, 0.5].</param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    public Tensor? Pixel(Tensor reconstruction, Tensor images)
    {
        if (_similarity is null) return null;
        Tensor absolute = reconstruction.MeanAbsoluteError(images).Scale(1 - SimilarityPart);
        return absolute.Add(_similarity.Dissimilarity(reconstruction, images).Scale(SimilarityPart));
    }

    /// <summary>The perceptual distance, without its weight; null if there is no such term.</summary>
    /// <param name="reconstruction"><c>[batch, height, width, channels]</c>, pixels about [-0.5, 0.5].</param>
    /// <param name="images">Their images, in [-0.5, 0.5].</param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    public Tensor? Perceptual(Tensor reconstruction, Tensor images) =>
        Options.Perceptual > 0 ? _features!.Distance(images, reconstruction) : null;

    /// <summary>Frees the feature network and what the terms need.</summary>
    public void Dispose()
    {
        _similarity?.Dispose();
        _features?.Dispose();
    }
}
