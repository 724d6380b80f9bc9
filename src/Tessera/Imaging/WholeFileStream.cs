namespace Tessera.Imaging;

/// <summary>
/// The bytes of a whole file, of which nothing may be missing: reading past the end is an error. ImageSharp's decoders
/// take what is missing for zeros or grey, all but that of PNG.
/// </summary>
/// <param name="data">The file.</param>
internal sealed class WholeFileStream(byte[] data) : Stream
{
    /// <summary>
    /// The read-ahead, in bytes, that a decoder's buffer may have: the end would be met too early with more.
    /// </summary>
    public const int ReadAhead = 1;

    // Decoders never ask for more than Length says is left: past the end there must seem to be more.
    private const int SeeminglyMore = 1 << 16;

    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => (long)data.Length + SeeminglyMore;

    public override long Position
    {
        get => _position;
        set => _position = value;
    }

    /// <exception cref="EndOfStreamException">There is nothing left.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        if (_position < 0 || _position >= data.Length) throw new EndOfStreamException("the file ends before the picture does");
        int count = (int)Math.Min(buffer.Length, data.Length - _position);
        data.AsSpan((int)_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => _position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
