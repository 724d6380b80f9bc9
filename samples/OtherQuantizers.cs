using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tokens;

namespace Tessera.Samples;

/// <summary>Models with other codes than one of a codebook a cell.</summary>
public static class OtherQuantizers
{
    /// <summary>Rounded numbers (FSQ): 1,000 codes, and no codebook.</summary>
    public static VqVaeOptions Rounded { get; } = new()
    {
        Codes = 8 * 5 * 5 * 5,
        Quantizer = new FiniteScalarQuantizerOptions { Levels = [8, 5, 5, 5] },
    };

    /// <summary>Residual levels: each of four codes adds what those before it have left.</summary>
    public static VqVaeOptions Residual { get; } = new()
    {
        Quantizer = new EmaVectorQuantizerOptions(),
        Cell = new CellOptions { Depth = 4 },
    };

    /// <summary>Groups: each of two codes stands for half of a vector's dimensions.</summary>
    public static VqVaeOptions Grouped { get; } = new()
    {
        Quantizer = new CosineVectorQuantizerOptions(),
        Cell = new CellOptions { Groups = 2 },
    };

    /// <summary>Encodes an image of 32 x 32 pixels with a model that is not trained.</summary>
    /// <returns>Its codes, and the image of the first code of each cell if later ones only add detail.</returns>
    public static (int[] Codes, Image? Coarse) Run(VqVaeOptions options)
    {
        using var model = new VqVae(options, seed: 1);
        using var tokenizer = new Tokenizer(model);
        Image image = SyntheticShapes.Image(0);
        int[] codes = tokenizer.Encode(image);
        int rows = image.Height / tokenizer.PixelsPerCode, columns = image.Width / tokenizer.PixelsPerCode;
        Console.WriteLine($"{options.Quantizer.Kind}: {rows} x {columns} cells of {tokenizer.CodesPerCell} codes");
        if (options.Cell.Depth == 1) return (codes, null);
        using var first = new Tokenizer(model) { Depth = 1 };
        return (codes, first.Decode(codes, rows, columns));
    }
}
