using System.IO.Compression;
using Tessera.Files;
using Tessera.Tensors.IO;

namespace Tessera.Tokens;

/// <summary>
/// Files of codes, <c>[images, rows, columns]</c>, or <c>[images, rows, columns, levels]</c> where a cell has several
/// codes, in numpy's formats: <c>.npy</c>, or <c>.npz</c> with the array
/// <c>codes</c> and, optionally, <c>labels</c>. Codes are uint16 for codebooks of up to 65,536 codes, otherwise int32.
/// </summary>
public static class TokenFile
{
    /// <summary>The name of the array of codes in an .npz file.</summary>
    public const string CodesName = "codes";

    /// <summary>The name of the array of labels in an .npz file.</summary>
    public const string LabelsName = "labels";

    /// <summary>The extension of a file of codes and, optionally, labels.</summary>
    public const string NpzEnding = ".npz";

    /// <summary>The extension of a file of codes alone.</summary>
    public const string NpyEnding = ".npy";

    /// <summary>Writes a file, whole or not at all; the codes are written while they are enumerated.</summary>
    /// <param name="path">A file name that ends in .npy or .npz; an existing file is replaced.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="rows">Rows of codes per image.</param>
    /// <param name="columns">Columns of codes per image.</param>
    /// <param name="codebook">Codes in the codebook, K: every code is below it.</param>
    /// <param name="codes">All codes in row-major order, in parts of any length.</param>
    /// <param name="labels">The class of each image, for .npz only; null for none.</param>
    /// <param name="levels">Codes of a cell, at least 1.</param>
    /// <returns>The element type of the codes, by numpy's name.</returns>
    /// <exception cref="InputException">The file cannot be written.</exception>
    /// <exception cref="ArgumentException">
    /// The number of labels is wrong, labels are given for a .npy file, or a code is not in the codebook.
    /// </exception>
    public static string Write(
        string path, int count, int rows, int columns, int codebook, IEnumerable<int[]> codes,
        IReadOnlyList<int>? labels = null, int levels = 1)
    {
        int[] shape = levels == 1 ? [count, rows, columns] : [count, rows, columns, levels];
        if (labels is not null && labels.Count != count)
            throw new ArgumentException($"there are {labels.Count} labels for {count} images", nameof(labels));
        string type = "";
        if (MayHoldLabels(path))
        {
            AtomicFile.Write(path, stream =>
            {
                using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
                using (Stream entry = Entry(zip, CodesName))
                    type = WriteArray(entry, codebook - 1, shape, codes);
                if (labels is null) return;
                using (Stream entry = Entry(zip, LabelsName))
                    WriteArray(entry, int.MaxValue, [labels.Count], [[.. labels]]);
            });
        }
        else
        {
            if (labels is not null) throw new ArgumentException($"{path} has no room for labels", nameof(labels));
            AtomicFile.Write(path, stream => type = WriteArray(stream, codebook - 1, shape, codes));
        }
        return type;
    }

    /// <summary>Whether a file of that name may hold labels.</summary>
    public static bool MayHoldLabels(string path) =>
        Path.GetExtension(path).Equals(NpzEnding, StringComparison.OrdinalIgnoreCase);

    /// <summary>Writes an array of codes to a stream, as a .npy file.</summary>
    /// <param name="stream">Receives the file.</param>
    /// <param name="largest">The largest value that there can be.</param>
    /// <param name="shape">The array's shape.</param>
    /// <param name="parts">Its values in row-major order.</param>
    /// <returns>The element type, by numpy's name.</returns>
    internal static string WriteArray(Stream stream, int largest, ReadOnlySpan<int> shape, IEnumerable<int[]> parts)
    {
        var writer = new NpyWriter(stream, largest, shape);
        foreach (int[] part in parts) writer.Write(part);
        writer.Complete();
        return writer.TypeName;
    }

    // Not compressed, like numpy.savez, to save time.
    private static Stream Entry(ZipArchive zip, string name) =>
        zip.CreateEntry($"{name}.npy", CompressionLevel.NoCompression).Open();
}
