using Tessera.Data;

namespace Tessera.Training;

/// <summary>The reconstruction quality and the code use of a model over a set of images.</summary>
/// <param name="Split">The split that the images are.</param>
/// <param name="Images">The number of images.</param>
/// <param name="ReconError">
/// The reference notebook's recon_error, <c>Mse / data variance</c>; null if the variance is unknown.
/// </param>
/// <param name="Mse">Mean squared error of the model's unclamped output, pixels in 0..1.</param>
/// <param name="Psnr">Mean over the images of the peak signal-to-noise ratio in dB, output clamped to 0..1.</param>
/// <param name="Ssim">
/// Mean over the images of the structural similarity (Wang et al. 2004), output clamped to 0..1.
/// </param>
/// <param name="Perplexity">
/// Perplexity of the code frequencies over the whole set, 1 to K; with several codes a cell, the mean of the levels'.
/// </param>
/// <param name="CodesUsed">The number of codes chosen at least once, over all levels.</param>
/// <param name="Codes">The number of codes in the codebooks of all levels; a shared one counts once a level.</param>
public sealed record Evaluation(
    Split Split, int Images, double? ReconError, double Mse, double Psnr, double Ssim,
    double Perplexity, int CodesUsed, int Codes)
{
    /// <summary>
    /// The use of each level of a cell's codes; empty if a cell has one code. With <see
    /// cref="Tessera.Quantization.CellOptions.Top"/> that of the two codebooks, the top level's first.
    /// </summary>
    public IReadOnlyList<CodeUse> Levels { get; init; } = [];

    /// <summary>
    /// The use of the combinations of a cell's codes; null if a cell has one code, or if there are more than 4,194,304
    /// combinations, which are not counted.
    /// </summary>
    public CodeUse? Joint { get; init; }
}

/// <summary>How codes are used.</summary>
/// <param name="Perplexity">The perplexity of their frequencies.</param>
/// <param name="CodesUsed">The number chosen at least once.</param>
public sealed record CodeUse(double Perplexity, int CodesUsed)
{
    /// <summary>What the codes are called where several levels are shown; empty for no name.</summary>
    public string Name { get; init; } = "";
}
