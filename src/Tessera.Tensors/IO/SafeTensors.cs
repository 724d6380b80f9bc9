namespace Tessera.Tensors.IO;

/// <summary>
/// Reads and writes safetensors files, the format of https://huggingface.co/docs/safetensors: 8 bytes with the length N
/// of the header as a little-endian integer, N bytes of JSON
/// (<c>{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}</c>, with an optional
/// <c>__metadata__</c> of strings), then the tensors' values, little-endian and row-major, without gaps.
/// </summary>
/// <example><code>
/// SafeTensors.Write("model.safetensors", [new TensorEntry("weight", [2, 3], new float[6])]);
/// ReadOnlyMemory&lt;float&gt; weight = SafeTensors.Read("model.safetensors")["weight"].Values;   // six zeros
/// </code></example>
public static class SafeTensors
{
    /// <summary>Writes a file, replacing an existing one. The bytes depend on the arguments alone.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="tensors">The tensors, written in this order, as F32 or F16.</param>
    /// <param name="metadata">Pairs for <c>__metadata__</c>, written in ordinal order of their keys.</param>
    /// <exception cref="ArgumentException">
    /// Two tensors have the same name, a tensor is named <c>__metadata__</c>, a shape does not fit its values, or names
    /// and metadata take more than 100 MB; nothing is written.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be written.</exception>
    public static void Write(
        string path, IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        byte[] header = SafeTensorsHeader.Format(tensors, metadata);
        using FileStream stream = File.Create(path);
        Write(stream, header, tensors);
    }

    /// <summary>Writes a file to a stream, which is left open and need not be seekable.</summary>
    /// <inheritdoc cref="Write(string, IReadOnlyList{TensorEntry}, IReadOnlyDictionary{string, string}?)"/>
    public static void Write(
        Stream stream, IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(stream, SafeTensorsHeader.Format(tensors, metadata), tensors);

    /// <summary>Reads a whole file. Every size is checked against the file's length before it is used.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The tensors and the metadata; the file is closed.</returns>
    /// <exception cref="InvalidDataException">
    /// The file is not a safetensors file, is damaged or truncated, or holds a type other than F32, F64, F16, BF16,
    /// I32, I64.
    /// </exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public static TensorFile Read(string path)
    {
        using FileStream stream = TensorFile.Open(path);
        return Read(stream, path);
    }

    /// <summary>Reads a stream from its position to its end.</summary>
    /// <param name="stream">A stream that can seek, because sizes are checked against its length; left open.</param>
    /// <param name="source">The name of the stream in error messages.</param>
    /// <returns>The tensors and the metadata.</returns>
    /// <exception cref="ArgumentException">The stream cannot seek.</exception>
    /// <exception cref="InvalidDataException">As for <see cref="Read(string)"/>.</exception>
    public static TensorFile Read(Stream stream, string source = "stream")
    {
        if (!stream.CanSeek) throw new ArgumentException("the stream must be able to seek", nameof(stream));
        try
        {
            SafeTensorsHeader header = SafeTensorsHeader.Read(stream, source);
            var tensors = new List<TensorEntry>();
            var intTensors = new List<IntTensorEntry>();
            var notRead = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (SafeTensorsHeader.Item item in header.Items)
            {
                long next = stream.Position + (long)item.Count * item.ElementType.Bytes();
                try
                {
                    if (item.ElementType.IsInteger())
                        intTensors.Add(
                            new(item.Name, item.Shape, ElementStream.ReadInts(stream, item.ElementType, item.Count)));
                    else
                        tensors.Add(
                            new(item.Name, item.Shape, ElementStream.ReadFloats(stream, item.ElementType, item.Count)));
                }
                catch (LongIntegerException)
                {
                    notRead.Add(item.Name, LongIntegerException.Reason);
                    stream.Position = next;
                }
            }
            return new TensorFile(source, header.Metadata, tensors, intTensors) { NotRead = notRead };
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"{source}: the file became shorter while it was read; try again", e);
        }
    }

    private static void Write(Stream stream, byte[] header, IReadOnlyList<TensorEntry> tensors)
    {
        stream.Write(header);
        foreach (TensorEntry tensor in tensors)
            ElementStream.Write(stream, tensor.Values.Span, SafeTensorsHeader.TypeOf(tensor));
    }
}
