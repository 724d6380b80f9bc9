using System.Globalization;

namespace Tessera.Data.Stores;

/// <summary>
/// The bytes of a tar archive on their way to .NET's reader, which takes as much memory for a long name or for extended
/// attributes as the archive declares. This stream follows the headers and refuses such ones that are too long
/// (https://www.gnu.org/software/tar/manual/html_node/Standard.html). It is read from front to back only.
/// </summary>
/// <param name="archive">The archive, not compressed; it is closed with this stream.</param>
internal sealed class TarGuard(Stream archive) : Stream
{
    private const int BlockLength = 512, MostAttributes = 1 << 20;
    private const long MostBytes = 1L << 56;
    private const int SizeAt = 124, SizeLength = 12, TypeAt = 156;

    private static readonly byte[] Attributes = [(byte)'x', (byte)'g', (byte)'L', (byte)'K'];

    private readonly byte[] _header = new byte[BlockLength];
    private readonly List<byte> _attributes = [];
    private int _filled;
    private long _skipped, _kept;
    private long? _nextSize;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="InvalidDataException">The archive declares attributes that are too long.</exception>
    public override int Read(Span<byte> buffer)
    {
        int length = archive.Read(buffer);
        Follow(buffer[..length]);
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) archive.Dispose();
        base.Dispose(disposing);
    }

    private void Follow(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int length;
            if (_kept > 0)
            {
                length = (int)Math.Min(_kept, bytes.Length);
                _attributes.AddRange(bytes[..length]);
                _kept -= length;
                if (_kept == 0) ReadAttributes();
            }
            else if (_skipped > 0)
            {
                length = (int)Math.Min(_skipped, bytes.Length);
                _skipped -= length;
            }
            else
            {
                length = Math.Min(BlockLength - _filled, bytes.Length);
                bytes[..length].CopyTo(_header.AsSpan(_filled));
                _filled += length;
                if (_filled == BlockLength) ReadHeader();
            }
            bytes = bytes[length..];
        }
    }

    private void ReadHeader()
    {
        _filled = 0;
        byte type = _header[TypeAt];
        bool isAttributes = Attributes.Contains(type);
        long size = Math.Min(isAttributes ? Size() : _nextSize ?? Size(), MostBytes);
        if (!isAttributes) _nextSize = null;
        if (isAttributes && size > MostAttributes)
            throw new InvalidDataException($"it declares {size} bytes of attributes of a file");
        _kept = type == 'x' ? size : 0;
        _skipped = (size + BlockLength - 1) / BlockLength * BlockLength - _kept;
    }

    /// <summary>The length of the content: octal digits, or a binary number after a set bit.</summary>
    private long Size()
    {
        long size = 0;
        ReadOnlySpan<byte> field = _header.AsSpan(SizeAt, SizeLength);
        bool isBinary = field[0] >= 0x80;
        foreach (byte value in isBinary ? field[^7..] : field)
        {
            if (isBinary) size = size << 8 | value;
            else if (value is >= (byte)'0' and <= (byte)'7') size = size << 3 | (uint)(value - '0');
            else if (value != ' ' || size > 0) break;
        }
        return size;
    }

    /// <summary>Finds the size of the file that follows, which counts instead of that in its header.</summary>
    private void ReadAttributes()
    {
        byte[] all = [.. _attributes];
        _attributes.Clear();
        int at = all.AsSpan().IndexOf(" size="u8);
        if (at < 0) return;
        ReadOnlySpan<byte> value = all.AsSpan(at + " size=".Length);
        int end = value.IndexOf((byte)'\n');
        if (long.TryParse(end < 0 ? value : value[..end], NumberStyles.None, CultureInfo.InvariantCulture, out long size))
            _nextSize = size;
    }
}
