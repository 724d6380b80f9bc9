using System.IO.Compression;
using Tessera.Tensors.IO.PyTorch;

namespace Tessera.Tensors.IO;

/// <summary>
/// Reads and writes state dicts in the format of <c>torch.save</c> since PyTorch 1.6: a zip file of
/// <c>NAME/data.pkl</c>, a pickle that names the tensors, and <c>NAME/data/KEY</c>, the bytes of their storages,
/// little-endian. Files of earlier versions are read as well.
/// </summary>
/// <remarks>
/// Reading never runs code from the file (<see cref="Pickle.PickleReader"/>). A state dict may be nested in other
/// dicts, beside numbers, options and an optimizer's state. Objects of other classes are skipped; only their names are
/// kept (<see cref="TensorFile.NotRead"/>).
///
/// Tensors may be float64, float32, float16, bfloat16, int64 or int32, with any strides, and may share storages.
/// Metadata is a dict of strings in the attribute <c>metadata</c> of the <c>OrderedDict</c>; PyTorch keeps and ignores
/// it.
/// </remarks>
/// <example><code>
/// PyTorchFile.Write("model.pt", [new TensorEntry("weight", [2, 3], new float[6])]);   // for torch.load("model.pt")
/// ReadOnlyMemory&lt;float&gt; weight = TensorFile.Read("model.pt")["weight"].Values;       // six zeros
/// </code></example>
public static class PyTorchFile
{
    // The start of the magic number of files before PyTorch 1.6.
    private static ReadOnlySpan<byte> OldSignature => PyTorchStream.Magic[..4];

    private static ReadOnlySpan<byte> ZipSignature => "PK\x3\x4"u8;

    // A fixed time, the oldest that zip files can store: a file's bytes depend on its contents alone.
    private static readonly DateTimeOffset WriteTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes a file, replacing an existing one. The bytes depend on the arguments alone.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="tensors">The tensors, written as float32 in this order.</param>
    /// <param name="metadata">Pairs for the attribute <c>metadata</c>, written in ordinal order of their keys.</param>
    /// <exception cref="ArgumentException">
    /// Two tensors have the same name, or a shape does not fit its values; nothing is written.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be written.</exception>
    public static void Write(
        string path, IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        TensorEntries.Check(tensors);
        using FileStream stream = File.Create(path);
        Write(stream, tensors, metadata);
    }

    /// <summary>Writes a file to a stream, which is left open.</summary>
    /// <inheritdoc cref="Write(string, IReadOnlyList{TensorEntry}, IReadOnlyDictionary{string, string}?)"/>
    public static void Write(
        Stream stream, IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        TensorEntries.Check(tensors);
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        WriteRecord("data.pkl", StateDictPickle.Format(tensors, metadata));
        WriteRecord("byteorder", "little"u8);
        for (int i = 0; i < tensors.Count; i++)
        {
            using Stream record = Record(StateDictPickle.StorageRecord(i));
            ElementStream.Write(record, tensors[i].Values.Span);
        }
        WriteRecord("version", "3\n"u8);

        void WriteRecord(string name, ReadOnlySpan<byte> bytes)
        {
            using Stream record = Record(name);
            record.Write(bytes);
        }

        Stream Record(string name)
        {
            ZipArchiveEntry entry = zip.CreateEntry($"model/{name}", CompressionLevel.NoCompression);
            entry.LastWriteTime = WriteTime;
            return entry.Open();
        }
    }

    /// <summary>Reads a stream that holds one dict of tensors; <see cref="TensorFile.Read"/> reads a file.</summary>
    /// <inheritdoc cref="ReadAll"/>
    /// <returns>The tensors and the metadata.</returns>
    public static TensorFile Read(Stream stream, string source = "stream") =>
        TensorFile.Single(ReadAll(stream, source));

    /// <summary>
    /// Reads every dict of tensors in a stream; <see cref="TensorFile.ReadAll"/> reads a file. Every size is checked
    /// against the stream's length before it is used.
    /// </summary>
    /// <param name="stream">A stream that can seek, at its beginning; left open.</param>
    /// <param name="source">The name of the stream in error messages.</param>
    /// <returns>The dicts, outermost first; at least one.</returns>
    /// <exception cref="ArgumentException">The stream cannot seek.</exception>
    /// <exception cref="InvalidDataException">
    /// The stream was not written by torch.save, is damaged or truncated, or holds no dict of tensors.
    /// </exception>
    public static IReadOnlyList<TensorFile> ReadAll(Stream stream, string source = "stream")
    {
        if (!stream.CanSeek) throw new ArgumentException("the stream must be able to seek", nameof(stream));
        try
        {
            Span<byte> first = stackalloc byte[OldSignature.Length];
            int count = stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
            if (first[..count].SequenceEqual(OldSignature))
                return new StateDictReader(new PyTorchStream(stream), source).Read();
            using ZipArchive zip = Zip.Open(stream);
            return new StateDictReader(new PyTorchZip(zip, stream.Length), source).Read();
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException(
                $"{source}: {e.Message}; save its state dict again, with torch.save(model.state_dict(), PATH)", e);
        }
    }

    /// <summary>Whether a file with this start was written by torch.save, in any version.</summary>
    internal static bool HasSignature(ReadOnlySpan<byte> first) =>
        first.StartsWith(ZipSignature) || first.StartsWith(OldSignature);
}
