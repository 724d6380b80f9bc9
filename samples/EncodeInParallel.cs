using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tokens;

namespace Tessera.Samples;

/// <summary>Encodes on several threads over one model. The codes equal those of one thread, to the bit.</summary>
public static class EncodeInParallel
{
    /// <param name="model">A model that is not being trained.</param>
    /// <param name="images">Images of any sizes that fit the model.</param>
    /// <returns>The codes of each image.</returns>
    public static int[][] Run(VqVae model, IReadOnlyList<Image> images)
    {
        int[][] codes = new int[images.Count][];
        Parallel.For(
            0, images.Count,
            () => new Tokenizer(model),
            (i, _, tokenizer) =>
            {
                codes[i] = tokenizer.Encode(images[i]);
                return tokenizer;
            },
            tokenizer => tokenizer.Dispose());
        return codes;
    }
}
