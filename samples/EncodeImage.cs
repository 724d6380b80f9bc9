using Tessera.Imaging;
using Tessera.Tokens;

namespace Tessera.Samples;

/// <summary>Encodes an image with a trained model: 32 x 32 pixels become 8 x 8 codes.</summary>
public static class EncodeImage
{
    /// <param name="model">A run folder, a checkpoint in it, or a model file of Tessera or PyTorch.</param>
    /// <param name="imagePath">An image file of any size.</param>
    public static int[] Run(string model, string imagePath)
    {
        using var tokenizer = Tokenizer.Open(model);
        Image image = ImageTransform.Fit(ImageFile.Read(imagePath), 32, 32, tokenizer.Model.Options.Channels);
        int[] codes = tokenizer.Encode(image);
        foreach (int[] row in codes.Chunk(image.Width / tokenizer.PixelsPerCode))
            Console.WriteLine(string.Join(' ', row));
        return codes;
    }
}
