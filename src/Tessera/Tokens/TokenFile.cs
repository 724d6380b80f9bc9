using System.IO.Compression;
using Tessera.Files;
using Tessera.Tensors.IO;

namespace Tessera.Tokens;

/// <summary>
/// Files of codes, <c>[pictures, rows, columns]</c>, that numpy reads and writes: <c>.npy</c>, or <c>.npz</c> with the arrays
/// <c>codes</c> and, if wanted, <c>labels</c>. Up to 65,536 codes are written as uint16, more as int32.
/// </summary>
public static class TokenFile
{
    /// <summary>The name of the array of codes in a file that has several.</summary>
    public const string CodesName = "codes";

    /// <summary>The name of the array of labels.</summary>
    public const string LabelsName = "labels";

    /// <summary>The ending of a file of several arrays: codes, and labels if wanted.</summary>
    public const string NpzEnding = ".npz";

    /// <summary>The ending of a file of codes alone.</summary>
    public const string NpyEnding = ".npy";

    /// <summary>Writes a file, whole or not at all; the codes are written as they come.</summary>
    /// <param name="path">The file, which ends in .npy or .npz; one that is there is replaced.</param>
    /// <param name="count">Pictures.</param>
    /// <param name="rows">Rows of codes of a picture.</param>
    /// <param name="columns">Columns of codes of a picture.</param>
    /// <param name="codebook">Codes in the codebook, K: every code is below it.</param>
    /// <param name="codes">All codes, in parts of any length.</param>
    /// <param name="labels">The class of each picture, for a file that ends in .npz; null for none.</param>
    /// <returns>The type that the codes were written as, by numpy's name.</returns>
    /// <exception cref="InputException">The file cannot be written.</exception>
    /// <exception cref="ArgumentException">There is not a label for each picture, labels do not go into a .npy file, or a code is not in the codebook.</exception>
    public static string Write(
        string path, int count, int rows, int columns, int codebook, IEnumerable<int[]> codes, IReadOnlyList<int>? labels = null)
    {
        if (labels is not null && labels.Count != count)
            throw new ArgumentException($"There are {labels.Count} labels for {count} pictures.", nameof(labels));
        string type = "";
        if (MayHoldLabels(path))
        {
            AtomicFile.Write(path, stream =>
            {
                using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
                using (Stream entry = Entry(zip, CodesName))
                    type = WriteArray(entry, codebook - 1, [count, rows, columns], codes);
                if (labels is null) return;
                using (Stream entry = Entry(zip, LabelsName))
                    WriteArray(entry, int.MaxValue, [labels.Count], [[.. labels]]);
            });
        }
        else
        {
            if (labels is not null) throw new ArgumentException($"{path} has no room for labels.", nameof(labels));
            AtomicFile.Write(path, stream => type = WriteArray(stream, codebook - 1, [count, rows, columns], codes));
        }
        return type;
    }

    /// <summary>Whether a file of that name is one that may hold labels.</summary>
    public static bool MayHoldLabels(string path) => Path.GetExtension(path).Equals(NpzEnding, StringComparison.OrdinalIgnoreCase);

    private static string WriteArray(Stream stream, int largest, ReadOnlySpan<int> shape, IEnumerable<int[]> parts)
    {
        var writer = new NpyWriter(stream, largest, shape);
        foreach (int[] part in parts) writer.Write(part);
        writer.Complete();
        return writer.TypeName;
    }

    // As numpy.savez does: not compressed, so that the time goes into the codes.
    private static Stream Entry(ZipArchive zip, string name) =>
        zip.CreateEntry($"{name}.npy", CompressionLevel.NoCompression).Open();
}
