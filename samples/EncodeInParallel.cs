using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tokens;

namespace Tessera.Samples;

/// <summary>Encodes on several threads over one model. The codes equal those of one thread, to the bit.</summary>
public static class EncodeInParallel
{
    /// <param name="model">A model that is not being trained.</param>
    /// <param name="pictures">Pictures of one size.</param>
    /// <returns>The codes of each picture.</returns>
    public static int[][] Run(VqVae model, IReadOnlyList<Image> pictures)
    {
        int[][] codes = new int[pictures.Count][];
        Parallel.For(
            0, pictures.Count,
            () => new Tokenizer(model, pictures[0].Width, pictures[0].Height),
            (i, _, tokenizer) =>
            {
                codes[i] = tokenizer.Encode([pictures[i].Pixels]);
                return tokenizer;
            },
            tokenizer => tokenizer.Dispose());
        return codes;
    }
}
