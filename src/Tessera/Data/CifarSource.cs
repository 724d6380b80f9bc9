using System.Buffers;
using Tessera.Files;

namespace Tessera.Data;

/// <summary>
/// A copy of CIFAR-10 on disk: a folder of batch files or an archive, in the binary or the Python layout.
/// </summary>
/// <param name="Path">The folder or the archive.</param>
/// <param name="IsArchive">Whether <paramref name="Path"/> is a .tar.gz.</param>
/// <param name="IsPickled">True for the Python layout, false for the binary layout.</param>
internal sealed record CifarSource(string Path, bool IsArchive, bool IsPickled)
{
    public const string BinaryFolder = "cifar-10-batches-bin";
    public const string PythonFolder = "cifar-10-batches-py";
    public const string BinaryArchive = "cifar-10-binary.tar.gz";
    public const string PythonArchive = "cifar-10-python.tar.gz";

    /// <summary>
    /// Finds a copy in the folder itself, in a batch folder below it, or in an archive; null if there is none.
    /// </summary>
    public static CifarSource? In(string folder)
    {
        foreach (string place in (string[])[folder, Join(folder, BinaryFolder), Join(folder, PythonFolder)])
        {
            if (HasBatches(place, pickled: false)) return new CifarSource(place, IsArchive: false, IsPickled: false);
            if (HasBatches(place, pickled: true)) return new CifarSource(place, IsArchive: false, IsPickled: true);
        }
        if (File.Exists(Join(folder, BinaryArchive)))
            return new CifarSource(Join(folder, BinaryArchive), IsArchive: true, IsPickled: false);
        if (File.Exists(Join(folder, PythonArchive)))
            return new CifarSource(Join(folder, PythonArchive), IsArchive: true, IsPickled: true);
        return null;
    }

    /// <summary>The names of a split's batch files, in their order.</summary>
    public static string[] BatchNames(Split split, bool pickled)
    {
        string extension = pickled ? "" : ".bin";
        string[] train = [.. Enumerable.Range(1, 5).Select(number => $"data_batch_{number}{extension}")];
        string[] test = [$"test_batch{extension}"];
        return split switch
        {
            Split.Train => train,
            Split.Test => test,
            Split.All => [.. train, .. test],
            _ => throw new ArgumentOutOfRangeException(nameof(split), split, "not a split"),
        };
    }

    /// <summary>Reads the batches of a split one by one, so that not all need be in memory.</summary>
    /// <param name="split">The split.</param>
    /// <param name="take">Receives each batch with its number in the split's order; called in any order.</param>
    /// <exception cref="InputException">A file is missing, damaged or unreadable.</exception>
    public void Read(Split split, Action<int, CifarBatch> take)
    {
        string[] names = BatchNames(split, IsPickled);
        try
        {
            if (IsArchive) ReadArchive(names, take);
            else
                for (int i = 0; i < names.Length; i++) take(i, ReadLoose(names[i]));
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(Path, e);
        }
    }

    private CifarBatch ReadLoose(string name)
    {
        string path = Join(Path, name);
        if (!File.Exists(path))
            throw new DataSetException(
                $"{path} is missing; unpack the whole archive again, or download CIFAR-10 again");
        if (new FileInfo(path).Length > CifarBatch.MaximumBytes)
            throw CifarBatch.Damaged(path, "is no CIFAR-10 batch (it is too large)");
        using FileStream file = File.OpenRead(path);
        int length = (int)file.Length;
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            file.ReadExactly(bytes, 0, length);
            return Parse(bytes.AsSpan(0, length), path);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private void ReadArchive(string[] names, Action<int, CifarBatch> take) =>
        CifarArchive.Read(Path, names, (name, content, length) =>
        {
            // Grows with the actual data, not with the declared length.
            var bytes = new MemoryStream();
            content.CopyTo(bytes);
            if (bytes.Length != length) throw new EndOfStreamException();
            take(Array.IndexOf(names, name), Parse(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), $"{Path} ({name})"));
        });

    private CifarBatch Parse(ReadOnlySpan<byte> bytes, string name) =>
        IsPickled ? CifarPickle.Read(bytes.ToArray(), name) : CifarBatch.FromRecords(bytes, name);

    private static bool HasBatches(string folder, bool pickled) =>
        BatchNames(Split.All, pickled).Any(name => File.Exists(Join(folder, name)));

    private static string Join(string folder, string name) => System.IO.Path.Combine(folder, name);
}
