using Tessera.Files;
using Tessera.Tensors.IO;

namespace Tessera.Tokens;

/// <summary>Reads codes image by image from a file that <see cref="TokenFile"/> or numpy wrote.</summary>
public sealed class TokenReader : IDisposable
{
    // Above the limits of any model, and small enough that sizes in pixels do not overflow.
    private const int MostRows = 1 << 16, MostCodes = 1 << 24;

    // Above this aspect ratio, [rows, columns] is more likely [images, codes] than one narrow image.
    private const int MostNarrow = 16;

    private readonly string _path;
    private readonly NpyReader _array;
    private readonly int _codebook;

    private TokenReader(string path, NpyReader array, int codebook, int? perImage, int codesPerCell)
    {
        CodesPerCell = codesPerCell;
        _path = path;
        _array = array;
        _codebook = codebook;
        IReadOnlyList<int> grid = array.Shape;
        string last = codesPerCell == 1 ? "" : $", {codesPerCell}";
        if (codesPerCell > 1)
        {
            if (grid.Count is not (3 or 4) || grid[^1] != codesPerCell)
                throw new InputException(
                    $"{path}: it holds an array of shape {Shape}; this model's codes are "
                    + $"[images, rows, columns, {codesPerCell}]: a cell has {codesPerCell} codes");
            grid = [.. grid.SkipLast(1)];
        }
        if (grid.Count is not (2 or 3))
            throw new InputException(
                $"{path}: it holds an array of shape {Shape}; codes are [images, rows, columns], "
                + "or [rows, columns] for one image");
        if (array.Length == 0) throw new InputException($"{path}: it holds no codes: its shape is {Shape}");
        (Count, Rows, Columns) = (grid.Count == 3 ? grid[0] : 1, grid[^2], grid[^1]);
        bool isNarrow = Math.Max(Rows, Columns) / Math.Min(Rows, Columns) >= MostNarrow;
        if (grid.Count == 2 && (isNarrow || Columns == perImage))
            throw new InputException(
                $"{path}: the shape {Shape} looks like flattened codes; reshape them to [images, rows, columns{last}] "
                + $"(one image of {Rows} x {Columns} codes is [1, {Rows}, {Columns}{last}])");
        if (Rows > MostRows || Columns > MostRows || (long)Rows * Columns * codesPerCell > MostCodes)
            throw new InputException($"{path}: images of {Rows} x {Columns} codes are too large for any model");
        Left = Count;
    }

    private string Shape => $"[{string.Join(", ", _array.Shape)}]";

    /// <summary>Number of images in the file.</summary>
    public int Count { get; }

    /// <summary>Rows of codes per image.</summary>
    public int Rows { get; }

    /// <summary>Columns of codes per image.</summary>
    public int Columns { get; }

    /// <summary>Codes of a cell.</summary>
    public int CodesPerCell { get; }

    /// <summary>Number of images not read yet.</summary>
    public int Left { get; private set; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">
    /// A .npy file, or an .npz file with an array <c>codes</c> or a single array, of any integer type:
    /// <c>[images, rows, columns]</c>, or <c>[rows, columns]</c> for one image; with several codes a cell, these are
    /// innermost beside.
    /// </param>
    /// <param name="codebook">Codes in the codebook, K: every code must be below it.</param>
    /// <param name="perImage">
    /// Number of codes per image, if known: a two-dimensional array with that many columns is refused as flattened
    /// codes.
    /// </param>
    /// <param name="codesPerCell">Codes of a cell, at least 1.</param>
    /// <exception cref="InputException">The file is missing or damaged, or holds no codes.</exception>
    public static TokenReader Open(string path, int codebook, int? perImage = null, int codesPerCell = 1)
    {
        if (path.Length == 0)
            throw new InputException("the name of the file of codes is empty; name a .npy or .npz file");
        return Open(
            () => NpyReader.Open(path, TokenFile.CodesName, orOnly: true), path, codebook, perImage, codesPerCell);
    }

    /// <summary>Opens a file in memory.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">A name for messages.</param>
    /// <param name="codebook">Codes in the codebook, K: every code must be below it.</param>
    /// <param name="codesPerCell">Codes of a cell, at least 1.</param>
    /// <exception cref="InputException">The file is damaged, or holds no codes.</exception>
    internal static TokenReader Open(Stream file, string name, int codebook, int codesPerCell) => Open(
        () => NpyReader.Open(file, name, TokenFile.CodesName, orOnly: true), name, codebook, perImage: null,
        codesPerCell);

    private static TokenReader Open(Func<NpyReader> open, string path, int codebook, int? perImage, int codesPerCell)
    {
        NpyReader? array = null;
        try
        {
            array = open();
            return new TokenReader(path, array, codebook, perImage, codesPerCell);
        }
        catch (InvalidDataException e)
        {
            throw new InputException(e.Message, e);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
        catch
        {
            array?.Dispose();
            throw;
        }
    }

    /// <summary>Reads the codes of the next images.</summary>
    /// <param name="count">Number of images, at most <see cref="Left"/>.</param>
    /// <returns><c>[count, rows, columns]</c>, with several codes a cell these innermost, each 0 to K - 1.</returns>
    /// <exception cref="InputException">A code is not in the codebook, or the file is damaged.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Fewer images are left.</exception>
    public int[] Read(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Left);
        int perRow = Columns * CodesPerCell, perImage = Rows * perRow;
        int[] codes = new int[checked(count * perImage)];
        try
        {
            _array.Read(codes);
        }
        catch (InvalidDataException e)
        {
            throw new InputException(e.Message, e);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(_path, e);
        }
        int odd = codes.AsSpan().IndexOfAnyExceptInRange(0, _codebook - 1);
        if (odd >= 0)
            throw new InputException(
                $"{_path}: image {Count - Left + odd / perImage} has the code {codes[odd]} "
                + $"at row {odd % perImage / perRow}, column {odd % perRow / CodesPerCell}; "
                + $"the model's are 0 to {_codebook - 1}: are these another model's codes?");
        Left -= count;
        return codes;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _array.Dispose();
}
