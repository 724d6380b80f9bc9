namespace Tessera.Priors;

/// <summary>How unlikely an image is to a prior, and how well the tokenizer reconstructs it.</summary>
/// <param name="Nats">
/// The mean of <c>-ln p(code | codes before)</c> over the image's codes, at least 0: high for images unlike those that
/// the prior was trained on.
/// </param>
/// <param name="Mse">
/// The mean squared error of the reconstruction over samples in 0..1: high for images unlike those that the tokenizer
/// was trained on.
/// </param>
/// <param name="Psnr">The peak signal-to-noise ratio of the reconstruction, clamped to 0..1, in dB.</param>
public readonly record struct ImageScore(double Nats, double Mse, double Psnr);
