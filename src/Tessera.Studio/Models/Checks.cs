using Tessera.Models;
using Tessera.Priors;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;

namespace Tessera.Studio.Models;

/// <summary>Checks what a client sends about codes, before a model sees it.</summary>
internal static class Checks
{
    /// <summary>The largest side of an image that goes through a model.</summary>
    public const int MostSide = 512;

    private const int MostImages = 64;

    /// <summary>Checks the codes of images.</summary>
    public static void Codes(VqVaeOptions model, CodesRequest request)
    {
        if (request.Images is < 1 or > MostImages)
            throw StudioException.Wrong($"images must be 1 to {MostImages}, not {request.Images}", "images");
        Grid(model, request.Rows, request.Columns);
        Together(model, request.Images, request.Rows, request.Columns, "images");
        Codes(model, request.Codes, request.Images * request.Rows * request.Columns, "codes");
    }

    /// <summary>Checks the size of all images that a request decodes.</summary>
    public static void Together(VqVaeOptions model, int images, int rows, int columns, string name)
    {
        long pixels = (long)images * rows * columns * model.PixelsPerCode * model.PixelsPerCode;
        if (pixels > 4L * MostSide * MostSide)
            throw StudioException.Wrong($"these images are too large together; ask for fewer {name}", name);
    }

    /// <summary>Checks the size of a grid of codes.</summary>
    public static void Grid(VqVaeOptions model, int rows, int columns)
    {
        int most = MostSide / model.PixelsPerCode;
        if (rows < 1 || rows > most) throw StudioException.Wrong($"rows must be 1 to {most}, not {rows}", "rows");
        if (columns < 1 || columns > most)
            throw StudioException.Wrong($"columns must be 1 to {most}, not {columns}", "columns");
    }

    /// <summary>Checks a list of codes of whole cells.</summary>
    public static void Codes(VqVaeOptions model, int[] codes, int cells, string name)
    {
        long expected = (long)cells * model.Cell.Codes;
        if (codes.Length != expected)
            throw StudioException.Wrong(
                $"{name} has {codes.Length} codes; {cells} cells of {model.Cell.Codes} have {expected}", name);
        if (codes.AsSpan().IndexOfAnyExceptInRange(0, model.Codes - 1) is >= 0 and var odd)
            throw StudioException.Wrong($"{name} has the code {codes[odd]}; codes are 0 to {model.Codes - 1}", name);
    }

    /// <summary>Checks the codes of an image of a prior's size.</summary>
    public static void Codes(CodePriorOptions prior, VqVaeOptions model, int[] codes, string name) =>
        Codes(model, codes, prior.Cells, name);

    /// <summary>The class of a name.</summary>
    public static int? Class(CodePriorOptions prior, string? name)
    {
        try
        {
            return prior.FindClass(name);
        }
        catch (InputException e)
        {
            throw StudioException.Wrong(e.Message, "class");
        }
    }

    /// <summary>Checks the number of a code among those of all codebooks.</summary>
    public static void Number(VqVaeOptions model, int number)
    {
        if (number < 0 || number >= model.Codes * model.Cell.Codebooks)
            throw StudioException.NotFound($"code {number}");
    }
}
