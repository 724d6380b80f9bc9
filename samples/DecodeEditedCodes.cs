using Tessera.Imaging;
using Tessera.Tokens;

namespace Tessera.Samples;

/// <summary>Mirrors the codes of an image's left half onto its right half and decodes them.</summary>
public static class DecodeEditedCodes
{
    /// <param name="model">A run folder, a checkpoint in it, or a model file of Tessera or PyTorch.</param>
    /// <param name="imagePath">An image file of any size.</param>
    /// <param name="edited">The PNG file to write.</param>
    public static void Run(string model, string imagePath, string edited)
    {
        using var tokenizer = Tokenizer.Open(model);
        Image image = ImageTransform.Fit(ImageFile.Read(imagePath), 32, 32, tokenizer.Model.Options.Channels);
        int[] codes = tokenizer.Encode(image);
        int rows = image.Height / tokenizer.PixelsPerCode, columns = image.Width / tokenizer.PixelsPerCode;
        foreach (int row in Enumerable.Range(0, rows))
        {
            Span<int> cells = codes.AsSpan(row * columns, columns);
            for (int left = 0, right = cells.Length - 1; left < right; left++, right--) cells[right] = cells[left];
        }
        ImageFile.WritePng(edited, tokenizer.Decode(codes, rows, columns));
    }
}
