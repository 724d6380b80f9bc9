using static Tessera.InputException;

namespace Tessera.Training;

/// <summary>How a reconstruction is compared with its image, pixel by pixel.</summary>
public enum PixelLoss
{
    /// <summary>The reference notebook's: the mean squared error over the data variance.</summary>
    Mse,

    /// <summary>Zhao et al. 2017: 0.16 of the mean absolute error and 0.84 of 1 - MS-SSIM.</summary>
    L1MsSsim,
}

/// <summary>
/// What a tokenizer is trained to lessen beside its quantizer's loss: <c>pixel term + Perceptual * distance</c>. The
/// quantizer's loss is added as it is. What is measured and evaluated does not depend on these options.
/// </summary>
public sealed record LossOptions
{
    /// <summary>The pixel term; <see cref="PixelLoss.L1MsSsim"/> is not divided by the data variance.</summary>
    public PixelLoss Pixel { get; init; }

    /// <summary>
    /// The weight of the perceptual distance (<see cref="Features.FeatureNetwork.Distance"/>), at least 0; 0 for none.
    /// </summary>
    public float Perceptual { get; init; }

    /// <summary>The file of the feature network; null without a perceptual term. A run keeps a copy of it.</summary>
    public string? Features { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        ThrowUnless(
            Enum.IsDefined(Pixel),
            nameof(Pixel), $"must be one of {string.Join(", ", Enum.GetNames<PixelLoss>())}, not {Pixel}");
        ThrowUnless(
            Perceptual >= 0 && float.IsFinite(Perceptual),
            nameof(Perceptual), $"must be a number of at least 0, not {Perceptual}");
        if (Perceptual > 0 && Features is not { Length: > 0 })
            throw new InputException("a perceptual term needs a feature network; name its file")
            { Option = nameof(Features) };
        if (Features is not null && Perceptual == 0)
            throw new InputException(
                $"nothing uses the feature network {Features}; give the perceptual term a weight above 0")
            { Option = nameof(Perceptual) };
    }
}
