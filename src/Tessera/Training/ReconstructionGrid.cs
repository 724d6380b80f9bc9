using Tessera.Analysis;
using Tessera.Imaging;
using Tessera.Models;

namespace Tessera.Training;

/// <summary>Pictures beside their reconstructions, in one picture to look at.</summary>
/// <param name="Image">
/// Pairs, left the original and right its reconstruction, up to four in a row on white; pictures below 96 pixels are
/// enlarged by a whole factor to at most that, without smoothing.
/// </param>
/// <param name="Psnr">
/// Mean over the pictures of the peak signal-to-noise ratio in dB, of the reconstructions as they are seen: as bytes.
/// </param>
public sealed record ReconstructionGrid(Image Image, double Psnr)
{
    private const int PairsPerRow = 4, ShownPixels = 96, Margin = 6;
    private const byte White = 255;

    /// <summary>Reconstructs pictures and lays them out.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pictures">
    /// At least one, all of one size, height and width multiples of 4, of the model's channels.
    /// </param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">The pictures do not fit the model, or are too large or many for one picture.</exception>
    /// <exception cref="ArgumentException">There are no pictures, or they are of several sizes.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ReconstructionGrid Make(
        VqVae model, IReadOnlyList<Image> pictures, CancellationToken cancellation = default)
    {
        if (pictures.Count == 0) throw new ArgumentException("A grid needs at least one picture.", nameof(pictures));
        int factor = Math.Max(1, ShownPixels / Math.Max(pictures[0].Width, pictures[0].Height));
        CheckSize(pictures, factor);
        var pairs = new Image[pictures.Count];
        double psnr = 0;
        for (int i = 0; i < pairs.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            Image reconstruction = Evaluator.Reconstruct(model, pictures[i]);
            psnr += ImageMetrics.Psnr(UnitRange(pictures[i]), UnitRange(reconstruction));
            Image pair = ImageGrid.Make([pictures[i], reconstruction], columns: 2, padding: 0);
            pairs[i] = ImageTransform.Enlarge(pair, factor);
        }
        return new ReconstructionGrid(ImageGrid.Make(pairs, PairsPerRow, Margin, White), psnr / pairs.Length);
    }

    private static void CheckSize(IReadOnlyList<Image> pictures, int factor)
    {
        Image first = pictures[0];
        long rows = (pictures.Count + PairsPerRow - 1) / PairsPerRow, columns = Math.Min(PairsPerRow, pictures.Count);
        long width = columns * (2L * first.Width * factor + Margin) + Margin;
        long height = rows * ((long)first.Height * factor + Margin) + Margin;
        if (width * height * first.Channels > Array.MaxLength)
            throw new InputException(
                $"{pictures.Count} pictures of {first.Width}x{first.Height} are too many for one picture; take fewer");
    }

    private static float[] UnitRange(Image picture) => Array.ConvertAll(picture.Pixels, sample => sample / 255f);
}
