namespace Tessera.Data;

/// <summary>
/// Reads the bytes of training batches, one batch ahead: while an update runs, the images of the next one are read on
/// other threads, several at once, so that a disk that has to be waited for has much to do.
/// </summary>
/// <param name="images">The images.</param>
/// <param name="sampler">Their order; used by this object alone.</param>
/// <param name="whole">Images in a batch, of all processes.</param>
/// <param name="first">The place of this process's first one.</param>
/// <param name="count">Images of this process.</param>
/// <param name="length">Bytes of an image.</param>
internal sealed class BatchReader(
    ImageSet images, BatchSampler sampler, int whole, int first, int count, int length) : IDisposable
{
    // Images that a thread reads before it takes the next ones: one that is in memory takes microseconds.
    private const int AtOnce = 8;

    private byte[] _bytes = new byte[count * length], _next = new byte[count * length];
    private readonly int[] _numbers = new int[count];
    private (long Update, Task Work)? _ahead;

    /// <summary>The bytes of a batch, valid until the next call.</summary>
    /// <param name="update">Number of the batch, from 0.</param>
    /// <exception cref="InputException">They cannot be read.</exception>
    /// <inheritdoc cref="BatchSampler.Fill(long, int, int, Span{int})"/>
    public ReadOnlySpan<byte> Read(long update)
    {
        bool isAhead = _ahead is { } ahead && ahead.Update == update;
        if (!isAhead)
        {
            Discard();
            Fill(update);
        }
        else
        {
            Task work = _ahead!.Value.Work;
            _ahead = null;
            work.GetAwaiter().GetResult();
        }
        (_bytes, _next) = (_next, _bytes);
        _ahead = (update + 1, Task.Run(() => Fill(update + 1)));
        return _bytes;
    }

    /// <summary>Waits for what is being read.</summary>
    public void Dispose() => Discard();

    private void Discard()
    {
        ((Task?)_ahead?.Work)?.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        _ahead = null;
    }

    private void Fill(long update)
    {
        sampler.Fill(update, whole, first, _numbers);
        byte[] bytes = _next;
        AllCores.For(0, (count + AtOnce - 1) / AtOnce, part =>
        {
            for (int i = part * AtOnce; i < Math.Min(count, (part + 1) * AtOnce); i++)
                images.CopyPixels(_numbers[i], bytes.AsSpan(i * length, length));
        });
    }
}
