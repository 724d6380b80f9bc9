namespace Tessera.Imaging;

/// <summary>
/// The bytes of a whole file; reading past the end is an error. ImageSharp's decoders would fill missing data with
/// zeros or grey.
/// </summary>
/// <param name="data">The file.</param>
internal sealed class WholeFileStream(byte[] data) : Stream
{
    /// <summary>
    /// The buffer size of the decoders, in bytes. With more read-ahead they would reach the end too early.
    /// </summary>
    public const int ReadAhead = 1;

    /// <summary>The message of a truncated file.</summary>
    public const string Truncated = "the file ends before the image does";

    // Decoders never read past Length. A larger Length makes them read past the end of a truncated file.
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

    /// <exception cref="EndOfStreamException">No data is left.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        if (_position < 0 || _position >= data.Length)
            throw new EndOfStreamException(Truncated);
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
