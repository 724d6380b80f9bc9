using Tessera.Data;

namespace Tessera.Analysis;

/// <summary>How well a model reconstructs a set of pictures, and how it uses its codes.</summary>
/// <param name="Split">Which pictures.</param>
/// <param name="Images">How many.</param>
/// <param name="ReconError">
/// The seed's recon_error, <c>Mse / data variance</c>; null where the variance is not known.
/// </param>
/// <param name="Mse">Mean squared error of the model's raw output, pixels in 0..1.</param>
/// <param name="Psnr">Mean over the pictures of the peak signal-to-noise ratio in dB, output clamped to 0..1.</param>
/// <param name="Ssim">
/// Mean over the pictures of the structural similarity (Wang et al. 2004), output clamped to 0..1.
/// </param>
/// <param name="Perplexity">
/// Perplexity of the code frequencies over the whole set, 1 to <paramref name="Codes"/>.
/// </param>
/// <param name="CodesUsed">Codes chosen at least once.</param>
/// <param name="Codes">Codes in the codebook.</param>
public sealed record Evaluation(
    Split Split, int Images, double? ReconError, double Mse, double Psnr, double Ssim,
    double Perplexity, int CodesUsed, int Codes);
