using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tessera.Tensors.IO;

/// <summary>
/// Reads and formats the header of a safetensors file. The checks are those of the format's reference implementation:
/// the tensors' bytes must cover the data exactly, without gaps, overlaps or trailing bytes.
/// </summary>
internal sealed class SafeTensorsHeader
{
    /// <summary>The reference implementation's limit.</summary>
    private const int MaximumBytes = 100_000_000;

    private const int LengthBytes = sizeof(ulong);
    private const string MetadataKey = "__metadata__";

    private readonly string _source;
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private SafeTensorsHeader(string source) => _source = source;

    /// <summary>One tensor: <paramref name="Count"/> elements in the data's bytes from Begin up to End.</summary>
    public sealed record Item(string Name, ElementType ElementType, int[] Shape, int Count, long Begin, long End);

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<Item> Items { get; private set; } = [];

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Reads and checks the header, and leaves the stream at the first tensor's data.</summary>
    /// <exception cref="InvalidDataException">The header is damaged or does not fit the stream's length.</exception>
    public static SafeTensorsHeader Read(Stream stream, string source)
    {
        var header = new SafeTensorsHeader(source);
        byte[] json = header.ReadJson(stream);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            header.Parse(document.RootElement);
        }
        // For a lone surrogate in a string, Utf8JsonReader throws an InvalidOperationException.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw header.Damaged($"its header is not valid JSON ({Printable.OneLine(e.Message)})", e);
        }
        header.CheckCoverage(stream.Length - stream.Position);
        return header;
    }

    /// <summary>
    /// Formats the length and the JSON, padded with spaces so that the data starts at a multiple of 8 bytes.
    /// </summary>
    /// <exception cref="ArgumentException">The tensors cannot be written.</exception>
    public static byte[] Format(IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var bytes = new MemoryStream();
        bytes.Write(stackalloc byte[LengthBytes]);
        // The relaxed encoder does not escape text for HTML: the header is never part of a web page.
        var options = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(bytes, options))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 }) WriteMetadata(json, metadata);
            WriteItems(json, tensors);
            json.WriteEndObject();
        }
        while (bytes.Length % 8 != 0) bytes.WriteByte((byte)' ');

        long length = bytes.Length - LengthBytes;
        if (length > MaximumBytes)
            throw new ArgumentException($"names and metadata take {length} bytes; the limit is {MaximumBytes}");
        byte[] header = bytes.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        return header;
    }

    /// <summary>The type that a tensor is written as.</summary>
    public static ElementType TypeOf(TensorEntry tensor) => tensor.IsHalf ? ElementType.F16 : ElementType.F32;

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(MetadataKey);
        foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteItems(Utf8JsonWriter json, IReadOnlyList<TensorEntry> tensors)
    {
        TensorEntries.Check(tensors, reserved: MetadataKey);
        long begin = 0;
        foreach (TensorEntry tensor in tensors)
        {
            ElementType type = TypeOf(tensor);
            long end = begin + (long)tensor.Values.Length * type.Bytes();

            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", type.ToString());
            json.WriteStartArray("shape");
            foreach (int dimension in tensor.Shape) json.WriteNumberValue(dimension);
            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(begin);
            json.WriteNumberValue(end);
            json.WriteEndArray();
            json.WriteEndObject();
            begin = end;
        }
    }

    private byte[] ReadJson(Stream stream)
    {
        long available = stream.Length - stream.Position;
        if (available < LengthBytes) throw Damaged($"it ends after {available} bytes");
        Span<byte> lengthBytes = stackalloc byte[LengthBytes];
        stream.ReadExactly(lengthBytes);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (length > MaximumBytes)
            throw Damaged($"its header claims {length} bytes, and the limit is {MaximumBytes}");
        if (length > (ulong)(available - LengthBytes))
            throw Damaged($"its header claims {length} bytes, but the file has {available - LengthBytes} more");

        byte[] json = new byte[length];
        stream.ReadExactly(json);
        if (json is not [(byte)'{', ..]) throw Damaged("its header does not begin with '{'");
        return json;
    }

    private void Parse(JsonElement root)
    {
        var items = new List<Item>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (!names.Add(property.Name)) throw Damaged($"its header names {Printable.Quote(property.Name)} twice");
            if (property.NameEquals(MetadataKey)) ParseMetadata(property.Value);
            else items.Add(ParseItem(property.Name, property.Value));
        }
        // Also by End, so that an empty tensor comes before another one that begins at the same byte.
        Items = [.. items.OrderBy(item => item.Begin).ThenBy(item => item.End)];
    }

    private void ParseMetadata(JsonElement metadata)
    {
        if (metadata.ValueKind == JsonValueKind.Null) return;
        if (metadata.ValueKind != JsonValueKind.Object) throw Damaged($"its {MetadataKey} is not an object");
        foreach (JsonProperty pair in metadata.EnumerateObject())
        {
            if (pair.Value.ValueKind != JsonValueKind.String)
                throw Damaged($"{Printable.Quote(pair.Name)} in its {MetadataKey} is not a string");
            if (!_metadata.TryAdd(pair.Name, pair.Value.GetString()!))
                throw Damaged($"its {MetadataKey} names {Printable.Quote(pair.Name)} twice");
        }
    }

    private Item ParseItem(string name, JsonElement info)
    {
        if (info.ValueKind != JsonValueKind.Object)
            throw Damaged($"{Printable.Quote(name)} is not described by an object");
        ElementType type = ParseElementType(name, Field(name, info, "dtype"));

        long[] dimensions = ParseIntegers(name, Field(name, info, "shape"), "shape");
        if (dimensions.Any(dimension => dimension > Array.MaxLength))
            throw Damaged($"a dimension of {Printable.Quote(name)} is beyond {Array.MaxLength}");
        int[] shape = Array.ConvertAll(dimensions, dimension => (int)dimension);
        int count = TensorEntries.CountElements(shape)
            ?? throw Damaged($"{Printable.Quote(name)} has more than {Array.MaxLength} elements");

        long[] offsets = ParseIntegers(name, Field(name, info, "data_offsets"), "data_offsets");
        if (offsets is not [long begin, long end] || begin > end)
            throw Damaged($"the data_offsets of {Printable.Quote(name)} are not a begin and an end");
        long expected = (long)count * type.Bytes();
        if (end - begin != expected)
            throw Damaged($"{Printable.Quote(name)} has {end - begin} bytes, where {count} of {type} take {expected}");
        return new Item(name, type, shape, count, begin, end);
    }

    private ElementType ParseElementType(string name, JsonElement dtype)
    {
        string text = dtype.ValueKind == JsonValueKind.String ? dtype.GetString()! : dtype.GetRawText();
        foreach (ElementType type in Enum.GetValues<ElementType>())
            if (text == type.ToString()) return type;
        throw new InvalidDataException(
            $"{_source}: {Printable.Quote(name)} is of type {Printable.Quote(text)}; convert it to one of "
            + $"{string.Join(", ", Enum.GetNames<ElementType>())}");
    }

    private JsonElement Field(string name, JsonElement info, string field)
    {
        JsonElement? found = null;
        foreach (JsonProperty property in info.EnumerateObject())
        {
            if (!property.NameEquals(field)) continue;
            if (found is not null) throw Damaged($"{Printable.Quote(name)} has two fields {field}");
            found = property.Value;
        }
        return found ?? throw Damaged($"{Printable.Quote(name)} has no field {field}");
    }

    private long[] ParseIntegers(string name, JsonElement array, string field)
    {
        if (array.ValueKind != JsonValueKind.Array)
            throw Damaged($"the {field} of {Printable.Quote(name)} is not an array");
        var values = new long[array.GetArrayLength()];
        int count = 0;
        foreach (JsonElement element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out long value) || value < 0)
                throw Damaged($"the {field} of {Printable.Quote(name)} holds {Printable.Quote(element.GetRawText())}");
            values[count++] = value;
        }
        return values;
    }

    private void CheckCoverage(long dataBytes)
    {
        long covered = 0;
        foreach (Item item in Items)
        {
            if (item.Begin > covered)
                throw Damaged($"{item.Begin - covered} bytes before {Printable.Quote(item.Name)} belong to no tensor");
            if (item.Begin < covered) throw Damaged($"{Printable.Quote(item.Name)} overlaps the tensor before it");
            covered = item.End;
        }
        if (covered > dataBytes) throw Damaged($"it is truncated: {covered - dataBytes} bytes are missing");
        if (covered < dataBytes) throw Damaged($"{dataBytes - covered} bytes at its end belong to no tensor");
    }

    private InvalidDataException Damaged(string what, Exception? inner = null) =>
        new($"{_source}: {what}; not a safetensors file, or damaged: copy or download it again", inner);
}
