using System.Globalization;
using System.Text.Json;
using Parquet;
using Parquet.Schema;
using Tessera.Files;
using Tessera.Imaging;

namespace Tessera.Data.Stores;

/// <summary>
/// Parquet files in the manner of Hugging Face's datasets (https://huggingface.co/docs/datasets/image_dataset): a
/// column <c>image</c> with the encoded <c>bytes</c>, or <c>image</c> alone with the bytes, and a column <c>label</c>
/// of numbers or texts. The names of numbered classes are in the file's metadata <c>huggingface</c>; without them the
/// numbers are the names. A group of rows is in memory at a time.
/// </summary>
/// <param name="Root">The folder that the files' names are relative to.</param>
/// <param name="Files">Their relative paths.</param>
/// <param name="Size">The images' height and width.</param>
/// <param name="Channels">1 or 3.</param>
internal sealed record ParquetPackSource(string Root, string[] Files, ImageSize Size, int Channels)
    : ShardPackSource(Root, Files, Size, Channels)
{
    private const string Ending = ".parquet";

    /// <summary>Whether a name is that of a Parquet file.</summary>
    public static bool Reads(string name) => name.EndsWith(Ending, StringComparison.OrdinalIgnoreCase);

    protected override IEnumerable<Sample> Samples(string path)
    {
        using FileStream file = Open(path);
        InputException? error = null;
        ParquetFile? parquet = Guard(() => ParquetFile.Open(path, file));
        int row = 0;
        for (int group = 0; parquet is not null && group < parquet.Groups; group++)
        {
            if (Guard(() => parquet.Read(group)) is not { } rows) break;
            for (int i = 0; i < rows.Images.Length; i++, row++)
            {
                string key = row.ToString(CultureInfo.InvariantCulture);
                yield return rows.Images[i] is { } bytes
                    ? new Sample(key, rows.Classes[i], bytes)
                    : new Sample(key, null, null, new InputException(
                        $"{path}/{key}: the row has no image; remove it, or store the bytes of its file in it"));
            }
            Position = file.Length * (group + 1) / parquet.Groups;
        }
        if (error is not null) yield return new Sample("", null, null, error);

        // The library's exceptions for damaged bytes are of many kinds.
        T? Guard<T>(Func<T> read) where T : class
        {
            try
            {
                return read();
            }
            catch (Exception e) when (e is not (OutOfMemoryException or InputException))
            {
                error = Damaged(path, e);
                return null;
            }
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }

    /// <summary>The images and classes of a group of rows.</summary>
    private sealed record Rows(byte[]?[] Images, SampleClass?[] Classes);

    /// <summary>An open file and the columns that are read of it.</summary>
    private sealed class ParquetFile
    {
        private static readonly Type[] LabelTypes = [typeof(int), typeof(long), typeof(ReadOnlyMemory<char>)];

        private readonly Stream _file;
        private readonly ParquetReader _reader;
        private readonly DataField _image;
        private readonly DataField? _label;
        private readonly string[] _names;

        private ParquetFile(string path, Stream file, ParquetReader reader)
        {
            (_file, _reader) = (file, reader);
            DataField[] fields = reader.Schema.GetDataFields();
            _image = Find("image/bytes") ?? Find("image") ?? throw new InputException(
                $"{path} has no column image with bytes, only {string.Join(", ", fields.Select(f => f.Path))}");
            _label = Find("label");
            if (_label is { ClrType: Type type } && !LabelTypes.Contains(type))
                throw new InputException(
                    $"{path}: its column label is of the type {type.Name}; make it int32, int64 or text");
            _names = ClassNames(reader.CustomMetadata);

            DataField? Find(string name) =>
                fields.FirstOrDefault(field => field.Path.ToString() == name);
        }

        public int Groups => _reader.RowGroupCount;

        public static ParquetFile Open(string path, Stream file)
        {
            ParquetCheck.Footer(file);
            file.Position = 0;
            return new ParquetFile(path, file, ParquetReader.CreateAsync(file).GetAwaiter().GetResult());
        }

        public Rows Read(int group)
        {
            using ParquetRowGroupReader reader = _reader.OpenRowGroupReader(group);
            CheckPages(reader, _image);
            if (_label is not null) CheckPages(reader, _label);
            byte[]?[] images = Column<ReadOnlyMemory<byte>, byte[]>(reader, _image, bytes => bytes.ToArray());
            return new Rows(images, _label is null ? new SampleClass?[images.Length] : Labels(reader, _label));
        }

        private void CheckPages(ParquetRowGroupReader reader, DataField field) => ParquetCheck.Pages(
            _file,
            reader.GetMetadata(field)?.MetaData
                ?? throw new InvalidDataException($"a group of rows lacks the column {field.Path}"),
            reader.RowCount);

        private SampleClass?[] Labels(ParquetRowGroupReader reader, DataField field) =>
            field.ClrType == typeof(ReadOnlyMemory<char>)
                ? Column<ReadOnlyMemory<char>, SampleClass>(reader, field, text => SampleClass.Named(text.ToString()))
            : field.ClrType == typeof(int) ? Column<int, SampleClass>(reader, field, number => ClassOf(number))
            : Column<long, SampleClass>(reader, field, ClassOf);

        /// <summary>The values of a column, one for each row: null where the file has none.</summary>
        private static TResult?[] Column<T, TResult>(
            ParquetRowGroupReader reader, DataField field, Func<T, TResult?> convert)
            where T : struct where TResult : class
        {
            var results = new TResult?[checked((int)reader.RowCount)];
            var values = new T[results.Length];
            bool hasLevels = field.MaxDefinitionLevel > 0;
            int[] levels = hasLevels ? new int[results.Length] : [];
            // A value for each row that has one, and the level of each row, which says whether it does. A bare null
            // would become an empty memory, not none.
            reader.ReadRawAsync<T>(field, values.AsMemory(), hasLevels ? levels.AsMemory() : (Memory<int>?)null, null)
                .AsTask().GetAwaiter().GetResult();
            int next = 0;
            for (int i = 0; i < results.Length; i++)
            {
                if (!hasLevels || levels[i] == field.MaxDefinitionLevel) results[i] = convert(values[next++]);
            }
            return results;
        }

        // -1 marks images without a class.
        private SampleClass? ClassOf(long label) => label < 0 ? null : SampleClass.Numbered(label, _names);

        /// <summary>The names of the classes, by number; empty if the file does not say.</summary>
        private static string[] ClassNames(IReadOnlyDictionary<string, string>? metadata)
        {
            if (metadata?.GetValueOrDefault("huggingface") is not { } text) return [];
            try
            {
                using JsonDocument json = JsonDocument.Parse(text);
                return
                [
                    .. json.RootElement.GetProperty("info").GetProperty("features").GetProperty("label")
                        .GetProperty("names").EnumerateArray().Select(name => name.ToString()),
                ];
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                return [];
            }
        }
    }
}
