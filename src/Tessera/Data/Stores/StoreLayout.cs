namespace Tessera.Data.Stores;

/// <summary>What a store's header, commits and blocks say: where everything is.</summary>
internal sealed class StoreLayout
{
    private readonly StoreFile _file;
    private readonly List<StoreBlock> _blocks = [];
    private readonly HashSet<string> _classes = new(StringComparer.Ordinal);

    private StoreLayout(StoreFile file, StoreHeader header, StoreCommit commit) =>
        (_file, Header, Commit) = (file, header, commit);

    /// <summary>What holds for all images.</summary>
    public StoreHeader Header { get; }

    /// <summary>How far the store is written.</summary>
    public StoreCommit Commit { get; }

    /// <summary>The blocks, in order.</summary>
    public IReadOnlyList<StoreBlock> Blocks => _blocks;

    /// <summary>The names of the classes, in the order of the labels.</summary>
    public List<string> Classes { get; } = [];

    /// <summary>The images that could not be read when they were packed, and why.</summary>
    public List<(string Name, string Reason)> LeftOut { get; } = [];

    /// <summary>Reads a store's header, its newest commit, and the headers of its blocks.</summary>
    /// <exception cref="InputException">It is no store, or it is damaged.</exception>
    public static StoreLayout Read(StoreFile file)
    {
        long length = file.Length;
        // Packing was killed, or the disk was full, before the first page.
        if (length == 0)
            throw new InputException($"{file.Path} is empty: nothing was packed into it; use tessera data pack again");
        byte[] page = new byte[StoreFormat.PageLength];
        file.Read(0, page.AsSpan(0, (int)Math.Min(length, page.Length)));
        StoreHeader header;
        try
        {
            header = StoreFormat.DecodeHeader(page);
        }
        catch (InvalidDataException e)
        {
            throw file.Wrong(e.Message, e);
        }
        if (length < StoreFormat.FirstBlock) throw file.Damaged("its end is missing: it");
        StoreCommit commit = StoreCommit.Newer(ReadCommit(file, 1), ReadCommit(file, 2))
            ?? throw file.Damaged("its record of commits");
        if (length < commit.End) throw file.Damaged($"{commit.End - length} bytes at its end are missing: it");
        var layout = new StoreLayout(file, header, commit);
        layout.ReadBlocks();
        return layout;
    }

    /// <summary>Reads the commit in one of the two pages after the header; null if it is not valid.</summary>
    public static StoreCommit? ReadCommit(StoreFile file, int page) =>
        StoreFormat.DecodeCommit(file.Read(page * StoreFormat.PageLength, StoreFormat.PageLength));

    /// <summary>Where a block ends.</summary>
    public long EndOf(StoreBlock block) => block.PixelsAt + (long)block.Count * Header.ImageLength;

    /// <summary>The number of the block that an image is in.</summary>
    public int BlockOf(int image)
    {
        int low = 0, high = _blocks.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_blocks[middle].First <= image) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    /// <summary>Reads the tables of a block into a buffer, which grows if it is too small.</summary>
    /// <exception cref="InputException">They cannot be read, or they are damaged.</exception>
    public BlockTables ReadTables(StoreBlock block, ref byte[] buffer)
    {
        int length = (int)BlockTables.LengthFor(block.Count);
        if (buffer.Length < length) buffer = new byte[length];
        Span<byte> bytes = buffer.AsSpan(0, length);
        _file.Read(block.TablesAt, bytes);
        if (StoreFormat.Checksum(bytes) != block.TablesChecksum) throw Damaged(block, "the tables");
        var tables = new BlockTables(bytes, block.Count);
        for (int i = 0; i < block.Count; i++)
        {
            if (tables.Label(i) < 0 || tables.Label(i) >= Classes.Count || (int)tables.Split(i) > (int)Split.All)
                throw Damaged(block, "the tables");
        }
        return tables;
    }

    /// <summary>The names of a block's images.</summary>
    /// <exception cref="InputException">They cannot be read, or they are damaged.</exception>
    public List<string> ReadNames(StoreBlock block) =>
        ReadTexts(block, block.NamesAt, block.NamesLength, block.NamesChecksum, "the names") is { } names
        && names.Count == block.Count ? names : throw Damaged(block, "the names");

    private void ReadBlocks()
    {
        long at = StoreFormat.FirstBlock;
        int first = 0;
        for (int number = 0; number < Commit.Blocks; number++)
        {
            StoreBlock? block = Commit.End - at < StoreBlock.HeaderLength
                ? null : StoreBlock.Decode(_file.Read(at, StoreBlock.HeaderLength));
            block = block is null ? null : block with { Start = at, First = first };
            if (block is null || block.Count > Math.Min(Header.ImagesPerBlock, Commit.Images - first)
                || EndOf(block) > Commit.End)
                throw _file.Damaged($"block {number}, at byte {at},");
            _blocks.Add(block);
            at = EndOf(block);
            first += block.Count;
            ReadNews(block);
        }
        if (at != Commit.End || first != Commit.Images) throw _file.Damaged("its record of commits");
    }

    private void ReadNews(StoreBlock block)
    {
        const string What = "the list of classes", LeftOutWhat = "the list of images left out";
        if (block.ClassesLength > 0)
        {
            List<string> classes = ReadTexts(block, block.ClassesAt, block.ClassesLength, block.ClassesChecksum, What);
            if (!classes.TrueForAll(_classes.Add)) throw Damaged(block, What);
            Classes.AddRange(classes);
        }
        if (block.LeftOutLength == 0) return;
        List<string> texts = ReadTexts(block, block.LeftOutAt, block.LeftOutLength, block.LeftOutChecksum, LeftOutWhat);
        if (texts.Count % 2 != 0) throw Damaged(block, LeftOutWhat);
        for (int i = 0; i < texts.Count; i += 2) LeftOut.Add((texts[i], texts[i + 1]));
    }

    private List<string> ReadTexts(StoreBlock block, long at, int length, uint checksum, string what)
    {
        byte[] bytes = _file.Read(at, length);
        return StoreFormat.Checksum(bytes) == checksum && StoreBlock.DecodeTexts(bytes) is { } texts
            ? texts : throw Damaged(block, what);
    }

    private InputException Damaged(StoreBlock block, string what) =>
        _file.Damaged($"{what} of the block at byte {block.Start}");
}
