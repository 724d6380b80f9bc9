using System.IO.Hashing;
using System.Text;
using Tessera.Files;

namespace Tessera.Data.Stores;

/// <summary>
/// Adds images to a store, block by block: first the block is on the disk, then the commit that counts it. A process
/// that is killed at any moment leaves a store with its last whole block; the bytes do not depend on how often that
/// happened.
/// </summary>
internal sealed class StoreWriter : IDisposable
{
    private readonly StoreFile _file;
    private readonly StoreHeader _header;
    private readonly HashSet<UInt128> _names = [];
    private readonly Dictionary<string, int> _labels = new(StringComparer.Ordinal);
    private StoreCommit _commit;
    private BlockBuffer _filling, _other;
    private Task _writing = Task.CompletedTask;

    /// <summary>Opens a store to add to it, or creates it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">What its header must say; the images per block are those of an existing store.</param>
    /// <exception cref="InputException">
    /// It cannot be written, is in use, is damaged, or holds images of another size.
    /// </exception>
    public StoreWriter(string path, StoreHeader header)
    {
        _file = StoreFile.OpenToWrite(path);
        try
        {
            StoreLayout layout = ReadOrBegin(header);
            (_header, _commit) = (layout.Header, layout.Commit);
            foreach (string name in layout.Classes) _labels.Add(name, _labels.Count);
            foreach (StoreBlock block in layout.Blocks)
            {
                foreach (string name in layout.ReadNames(block)) _names.Add(HashOf(name));
            }
            foreach ((string name, _) in layout.LeftOut) _names.Add(HashOf(name));
            // What a killed process began.
            if (_file.Length > _commit.End) _file.Cut(_commit.End);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
        _filling = new BlockBuffer(_header);
        _other = new BlockBuffer(_header);
    }

    /// <summary>Images in the store, without those of the block that is being filled.</summary>
    public int Count => _commit.Images;

    /// <summary>Whether an image of this name was added before, or left out.</summary>
    public bool Holds(string name) => _names.Contains(HashOf(name));

    /// <summary>Whether there is a class of this name.</summary>
    public bool HasClass(string name) => _labels.ContainsKey(name);

    /// <summary>The label of a class; a new one gets the next.</summary>
    public int LabelOf(string name)
    {
        if (_labels.TryGetValue(name, out int label)) return label;
        _labels.Add(name, _labels.Count);
        _filling.Classes.Add(name);
        return _labels.Count - 1;
    }

    /// <summary>Adds an image; nothing if its name is there.</summary>
    /// <returns>Whether it was added.</returns>
    /// <exception cref="InputException">The store cannot be written.</exception>
    public bool Add(string name, string className, Split split, ReadOnlySpan<byte> pixels)
    {
        if (!_names.Add(HashOf(name))) return false;
        MarkIncomplete();
        _filling.Add(name, LabelOf(className), split, pixels);
        if (_filling.Count == _header.ImagesPerBlock) Write();
        return true;
    }

    /// <summary>Notes that an image cannot be read.</summary>
    public void LeaveOut(string name, string reason)
    {
        if (!_names.Add(HashOf(name))) return;
        MarkIncomplete();
        _filling.LeftOut.Add(name);
        _filling.LeftOut.Add(reason);
    }

    /// <summary>Writes what is not yet written, and marks the store as complete.</summary>
    /// <exception cref="InputException">The store cannot be written.</exception>
    public void Complete()
    {
        if (_filling.Count > 0 || _filling.LeftOut.Count > 0) Write();
        Wait();
        if (_commit.IsComplete) return;
        _file.Flush();
        Commit(_commit with { IsComplete = true });
        _file.Flush();
    }

    /// <summary>Closes the file. A block that is not full is lost, unless the store was completed.</summary>
    public void Dispose()
    {
        ((Task)_writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        _file.Dispose();
    }

    /// <summary>The layout of the file, which is begun if it is empty, or of the cache and of no use.</summary>
    private StoreLayout ReadOrBegin(StoreHeader header)
    {
        if (_file.Length == 0) Begin(header);
        try
        {
            StoreLayout layout = StoreLayout.Read(_file);
            CheckSame(layout.Header, header);
            return layout;
        }
        catch (InputException e) when (header.IsCached && !FileErrors.IsCauseOf(e))
        {
            _file.Cut(0);
            Begin(header);
            return StoreLayout.Read(_file);
        }
    }

    private void Begin(StoreHeader header)
    {
        try
        {
            _file.Write(
                0,
                [
                    .. StoreFormat.Encode(header), .. StoreFormat.Encode(StoreCommit.Empty),
                    .. new byte[StoreFormat.PageLength],
                ]);
            _file.Flush();
        }
        catch
        {
            // A part of the pages would be a damaged store, where an empty file is a new one.
            _file.Cut(0);
            throw;
        }
    }

    /// <summary>
    /// Before an image goes into a complete store, its commits say that it is not complete, so that it says so too if
    /// packing ends before the next block.
    /// </summary>
    private void MarkIncomplete()
    {
        if (!_commit.IsComplete) return;
        long complete = StoreFormat.PlaceOf(_commit);
        // First where the one before it lies, which then counts if a power cut spoils the other.
        Commit(_commit with { IsComplete = false });
        _file.Flush();
        _file.Write(complete, StoreFormat.Encode(_commit));
        _file.Flush();
    }

    private void CheckSame(StoreHeader found, StoreHeader wanted)
    {
        if ((found.Size, found.Channels) != (wanted.Size, wanted.Channels))
            throw new InputException(
                $"{_file.Path} holds images of {found.Size} with {found.Channels} channels, not of {wanted.Size} with "
                + $"{wanted.Channels}; name another file, or give the same size and channels");
        if (found.Fingerprint != wanted.Fingerprint)
            throw new InputException($"{_file.Path} was made of other files; name another file");
    }

    /// <summary>Begins to write the full block, and goes on with the other buffer.</summary>
    private void Write()
    {
        Wait();
        BlockBuffer full = _filling;
        (_filling, _other) = (_other, full);
        _filling.Clear();
        _writing = Task.Run(() => Write(full));
    }

    private void Wait() => _writing.GetAwaiter().GetResult();

    private void Write(BlockBuffer buffer)
    {
        long end = _commit.End;
        foreach (ReadOnlyMemory<byte> part in buffer.Encode())
        {
            _file.Write(end, part.Span);
            end += part.Length;
        }
        _file.Flush();
        Commit(new StoreCommit(_commit.Blocks + 1, checked(_commit.Images + buffer.Count), end, IsComplete: false));
    }

    private void Commit(StoreCommit commit)
    {
        _file.Write(StoreFormat.PlaceOf(commit), StoreFormat.Encode(commit));
        _commit = commit;
    }

    private static UInt128 HashOf(string name) => XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(name));
}

/// <summary>The images of a block that is not yet written.</summary>
/// <param name="header">The store's header.</param>
internal sealed class BlockBuffer(StoreHeader header)
{
    private readonly byte[] _pixels = new byte[header.ImagesPerBlock * header.ImageLength];
    private readonly List<string> _names = [];
    private readonly List<int> _labels = [];
    private readonly List<uint> _checksums = [];
    private readonly List<Split> _splits = [];
    private readonly long[] _histogram = new long[256];

    /// <summary>Images in the block.</summary>
    public int Count => _names.Count;

    /// <summary>The classes that begin with this block.</summary>
    public List<string> Classes { get; } = [];

    /// <summary>The names of images that cannot be read, each followed by the reason.</summary>
    public List<string> LeftOut { get; } = [];

    /// <summary>Adds an image.</summary>
    public void Add(string name, int label, Split split, ReadOnlySpan<byte> pixels)
    {
        if (pixels.Length != header.ImageLength)
            throw new ArgumentException($"{pixels.Length} bytes, not {header.ImageLength}", nameof(pixels));
        pixels.CopyTo(_pixels.AsSpan(Count * header.ImageLength));
        _names.Add(name);
        _labels.Add(label);
        _splits.Add(split);
        _checksums.Add(StoreFormat.Checksum(pixels));
        if (split == Split.Train) ImagePixels.Count(pixels, _histogram);
    }

    /// <summary>The bytes of the block, in parts.</summary>
    public ReadOnlyMemory<byte>[] Encode()
    {
        byte[] classes = StoreBlock.EncodeTexts(Classes), leftOut = StoreBlock.EncodeTexts(LeftOut);
        byte[] tables = BlockTables.Encode(_labels, _checksums, _splits, _histogram);
        byte[] names = StoreBlock.EncodeTexts(_names);
        var block = new StoreBlock(
            Count, classes.Length, leftOut.Length, names.Length, StoreFormat.Checksum(classes),
            StoreFormat.Checksum(leftOut), StoreFormat.Checksum(tables), StoreFormat.Checksum(names));
        return
        [
            block.Encode(), classes, leftOut, tables, names, _pixels.AsMemory(0, Count * header.ImageLength),
        ];
    }

    /// <summary>Empties the buffer.</summary>
    public void Clear()
    {
        Classes.Clear();
        LeftOut.Clear();
        _names.Clear();
        _labels.Clear();
        _splits.Clear();
        _checksums.Clear();
        Array.Clear(_histogram);
    }
}
