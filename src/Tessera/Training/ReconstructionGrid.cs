using Tessera.Analysis;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tokens;

namespace Tessera.Training;

/// <summary>Images beside their reconstructions, in one image.</summary>
/// <param name="Image">
/// Pairs of an original (left) and its reconstruction (right), four pairs in a row on white. Images whose longer side
/// is at most 48 pixels are enlarged by the largest whole factor that keeps it within 96, without smoothing.
/// </param>
/// <param name="Psnr">
/// Mean over the images of the peak signal-to-noise ratio in dB, with reconstructions rounded to bytes.
/// </param>
public sealed record ReconstructionGrid(Image Image, double Psnr)
{
    private const int PairsPerRow = 4, ShownPixels = 96, Margin = 6;
    private const byte White = 255;

    /// <summary>Reconstructs images and makes their grid.</summary>
    /// <param name="model">The model.</param>
    /// <param name="images">
    /// At least one image, all of one size with the model's channels, height and width multiples of
    /// <see cref="VqVaeOptions.PixelsPerCode"/>.
    /// </param>
    /// <param name="cancellation">Cancels the work between batches.</param>
    /// <exception cref="InputException">
    /// The images do not fit the model, or are too large or too many for one image.
    /// </exception>
    /// <exception cref="ArgumentException">There are no images, or their sizes differ.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static ReconstructionGrid Make(
        VqVae model, IReadOnlyList<Image> images, CancellationToken cancellation = default)
    {
        if (images.Count == 0) throw new ArgumentException("a grid needs at least one image", nameof(images));
        int factor = Math.Max(1, ShownPixels / Math.Max(images[0].Width, images[0].Height));
        CheckSize(images, factor);
        using var tokenizer = new Tokenizer(model);
        int rows = images[0].Height / tokenizer.PixelsPerCode, columns = images[0].Width / tokenizer.PixelsPerCode;
        int[] codes = tokenizer.Encode(images, cancellation);
        var pairs = new List<Image>();
        double psnr = 0;
        foreach ((Image original, Image reconstruction) in
            images.Zip(tokenizer.DecodeAll(codes, rows, columns, cancellation)))
        {
            psnr += ImageMetrics.Psnr(PixelValues.UnitRange(original), PixelValues.UnitRange(reconstruction));
            Image pair = ImageGrid.Make([original, reconstruction], columns: 2, padding: 0);
            pairs.Add(ImageTransform.Enlarge(pair, factor));
        }
        return new ReconstructionGrid(ImageGrid.Make(pairs, PairsPerRow, Margin, White), psnr / pairs.Count);
    }

    private static void CheckSize(IReadOnlyList<Image> images, int factor)
    {
        Image first = images[0];
        long samples = ImageGrid.CountSamples(
            images.Count, 2L * first.Width * factor, (long)first.Height * factor, first.Channels, PairsPerRow,
            Margin);
        if (samples > Array.MaxLength)
            throw new InputException(
                $"{images.Count} images of {first.Height}x{first.Width} are too many for one grid; take fewer");
    }
}
