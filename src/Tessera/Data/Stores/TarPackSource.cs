using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Tessera.Files;
using Tessera.Imaging;
using Tessera.Tensors.IO;

namespace Tessera.Data.Stores;

/// <summary>
/// Tar archives, compressed by gzip or not, in the manner of WebDataset (https://github.com/webdataset/webdataset):
/// files that follow each other and have the same name up to the first dot are one sample. Its image is the first file
/// with the ending of one, its class the text of <c>.cls</c>, or of <c>.json</c> the value <c>label</c>, <c>cls</c> or
/// <c>class</c>; without them its first folder.
/// </summary>
/// <param name="Root">The folder that the files' names are relative to.</param>
/// <param name="Files">Their relative paths.</param>
/// <param name="Size">The images' height and width.</param>
/// <param name="Channels">1 or 3.</param>
internal sealed record TarPackSource(string Root, string[] Files, ImageSize Size, int Channels)
    : ShardPackSource(Root, Files, Size, Channels)
{
    private const long LargestText = 1 << 20;

    // Memory for a longer entry is taken as its bytes come: a damaged archive may declare any length.
    private const long BelievedLength = 1 << 20;

    private static readonly string[] Endings = [".tar", ".tar.gz", ".tgz"];
    private static readonly string[] ClassKeys = ["label", "cls", "class"];

    /// <summary>Whether a name is that of an archive.</summary>
    public static bool Reads(string name) =>
        Endings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    protected override IEnumerable<Sample> Samples(string path)
    {
        using var entries = new TarEntries(path);
        string? key = null;
        SampleClass? sampleClass = null;
        Sample? image = null;
        InputException? damage = null;
        while (entries.Next() is { } entry)
        {
            Position = entries.Position;
            if (IsHidden(entry.Name)) continue;
            (string entryKey, string ending) = Parts(entry.Name);
            if (entryKey != key)
            {
                if (image is not null) yield return Whole(image);
                (key, sampleClass, image, damage) = (entryKey, null, null, null);
            }
            if (image is null && ImageFile.IsImage(entry.Name))
                image = entries.Read(ImageFile.MaxFileBytes) is { } bytes
                    ? new Sample(entry.Name, null, bytes)
                    : new Sample(entry.Name, null, null, entries.Error ?? new InputException(
                        $"{path}/{Printable.OneLine(entry.Name)}: {entry.Length} bytes are too many (limit 1 GiB); "
                        + "remove it"));
            else if (ending is ".cls" or ".json" && entries.Read(LargestText) is { } text)
                Guard(() => sampleClass ??= ClassOf(text, ending), entry.Name);
        }
        // Of the last sample in a damaged archive, the class may be lost.
        if (image is not null && entries.Error is null) yield return Whole(image);
        if (entries.Error is { } error) yield return new Sample("", null, null, error);

        // An image whose class is lost would go into a class that is not its own.
        Sample Whole(Sample found) => damage is null
            ? found with { Class = sampleClass ?? FolderOf(found.Key) } : found with { Image = null, Error = damage };

        void Guard(Action read, string name)
        {
            try
            {
                read();
            }
            // The latter for texts that are no UTF-16, which are not looked at before.
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                damage = new InputException(
                    $"{path}/{Printable.OneLine(name)}: it is no JSON, or its text is damaged; replace or remove it",
                    e);
            }
        }
    }

    /// <summary>Whether a folder would leave it out: whether a part of its path begins with a dot.</summary>
    private static bool IsHidden(string name) =>
        name.Split('/').Any(part => part.StartsWith('.') && part is not ("." or ".."));

    private static (string Key, string Ending) Parts(string name)
    {
        int dot = name.IndexOf('.', name.LastIndexOf('/') + 1);
        return dot < 0 ? (name, "") : (name[..dot], Path.GetExtension(name).ToLowerInvariant());
    }

    private static SampleClass? FolderOf(string name) =>
        name.TrimStart('.').TrimStart('/').Split('/') is [var folder, _, ..] ? SampleClass.Named(folder) : null;

    private static SampleClass? ClassOf(byte[] text, string ending)
    {
        if (ending == ".cls")
            return Encoding.UTF8.GetString(text).Trim() is { Length: > 0 } name ? SampleClass.Parse(name) : null;
        using JsonDocument json = JsonDocument.Parse(text);
        if (json.RootElement.ValueKind != JsonValueKind.Object) return null;
        foreach (string key in ClassKeys)
        {
            if (!json.RootElement.TryGetProperty(key, out JsonElement value)) continue;
            if (value.ValueKind == JsonValueKind.Number) return SampleClass.Parse(value.GetRawText());
            if (value.ValueKind == JsonValueKind.String) return SampleClass.Named(value.GetString()!);
        }
        return null;
    }

    /// <summary>The files in an archive; damage ends them.</summary>
    private sealed class TarEntries : IDisposable
    {
        private readonly string _path;
        private readonly FileStream _file;
        private readonly TarReader _tar;
        private TarEntry? _current;

        public TarEntries(string path)
        {
            _path = path;
            try
            {
                _file = File.OpenRead(path);
                bool isCompressed = IsCompressed(_file);
                _tar = new TarReader(
                    new TarGuard(isCompressed ? new GZipStream(_file, CompressionMode.Decompress) : _file));
            }
            catch (Exception e) when (FileErrors.IsFileError(e))
            {
                _file?.Dispose();
                throw FileErrors.Reading(path, e);
            }
        }

        /// <summary>Bytes read of the archive.</summary>
        public long Position => _file.Position;

        /// <summary>Why the archive cannot be read further; null if it can.</summary>
        public InputException? Error { get; private set; }

        /// <summary>The next regular file; null at the end.</summary>
        public TarEntry? Next()
        {
            do _current = Error is null ? Guard(() => _tar.GetNextEntry()) : null;
            while (_current is not null
                and not { EntryType: TarEntryType.RegularFile or TarEntryType.V7RegularFile });
            return _current;
        }

        /// <summary>The content of the file; null if it is too long or damaged.</summary>
        public byte[]? Read(long most) => _current!.Length > most ? null : Guard(() =>
        {
            long length = _current.Length;
            byte[] bytes = new byte[Math.Min(length, BelievedLength)];
            for (int read = 0; read < length; read = bytes.Length)
            {
                if (read > 0) Array.Resize(ref bytes, (int)Math.Min(length, 2L * read));
                _current.DataStream?.ReadExactly(bytes.AsSpan(read));
            }
            return bytes;
        });

        public void Dispose()
        {
            _tar.Dispose();
            _file.Dispose();
        }

        private static bool IsCompressed(FileStream file)
        {
            Span<byte> start = stackalloc byte[2];
            int length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
            file.Position = 0;
            return start[..length].SequenceEqual((ReadOnlySpan<byte>)[0x1F, 0x8B]);
        }

        private T? Guard<T>(Func<T?> read) where T : class
        {
            try
            {
                return read();
            }
            catch (Exception e) when (
                e is IOException or InvalidDataException or FormatException or ArgumentException or OverflowException
                    or NotSupportedException)
            {
                Error = Damaged(_path, e);
                return null;
            }
        }
    }
}
