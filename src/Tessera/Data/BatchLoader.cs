using Tessera.Tensors.Random;

namespace Tessera.Data;

/// <summary>
/// Training batches as float32 pixels, in the order of <see cref="BatchSampler"/>. The next batch is prepared in the
/// background while the current one is used. A batch depends only on (images, batch size, seed, flips, update).
/// </summary>
/// <remarks>Serves one thread at a time.</remarks>
/// <example><code>
/// using var batches = new BatchLoader(SyntheticShapes.Load(Split.Train), batch: 256, seed: 1);
/// ReadOnlySpan&lt;float&gt; pixels = batches.Load(update: 0);   // 256 x 32 x 32 x 3 numbers
/// </code></example>
public sealed class BatchLoader : IDisposable
{
    // A CounterRandom stream far above those of the sampler's epochs.
    private const ulong FlipStream = 4UL << 60;

    private readonly ImageSet _images;
    private readonly BatchSampler _sampler;
    private readonly int[] _indices;
    private readonly CounterRandom? _flips;
    private float[] _current, _next;
    private long _nextUpdate;
    private Task? _preparation;
    private bool _disposed;

    /// <summary>Creates the loader; nothing is prepared yet.</summary>
    /// <param name="images">The set; at least one image.</param>
    /// <param name="batch">Images in a batch, at least 1; may exceed the size of the set.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="flips">Whether each drawn image is mirrored left to right with probability 1/2.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The set is empty, or <paramref name="batch"/> is below 1.
    /// </exception>
    public BatchLoader(ImageSet images, int batch, ulong seed, bool flips = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        _images = images;
        _sampler = new BatchSampler(images.Count, seed);
        _indices = new int[batch];
        _flips = flips ? new CounterRandom(seed, FlipStream) : null;
        int length = checked(batch * images.Height * images.Width * images.Channels);
        _current = new float[length];
        _next = new float[length];
    }

    /// <summary>Returns the batch of an update and starts preparing the next one.</summary>
    /// <param name="update">Number of the batch, from 0.</param>
    /// <returns>
    /// <c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5]; valid until the next call.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="update"/> is negative.</exception>
    /// <exception cref="OverflowException">
    /// The batch lies beyond position 2^63 - 1 of the sequence of images.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The loader was disposed.</exception>
    public ReadOnlySpan<float> Load(long update)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_preparation is null || _nextUpdate != update) Prepare(update);
        Await();
        (_current, _next) = (_next, _current);
        if (update < long.MaxValue) Prepare(update + 1);
        return _current;
    }

    /// <summary>Waits for the prefetched batch and discards it.</summary>
    public void Dispose()
    {
        _disposed = true;
        Drop();
    }

    private void Prepare(long update)
    {
        Drop();
        float[] target = _next;
        _nextUpdate = update;
        _preparation = Task.Run(() => Fill(update, target));
    }

    /// <summary>Waits for the prefetched batch; rethrows any exception of its preparation.</summary>
    private void Await()
    {
        Task preparation = _preparation!;
        _preparation = null;
        preparation.GetAwaiter().GetResult();
    }

    /// <summary>Discards the prefetched batch and any exception.</summary>
    private void Drop()
    {
        _preparation?.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        _preparation = null;
    }

    private void Fill(long update, float[] values)
    {
        _sampler.Fill(update, _indices);
        int length = values.Length / _indices.Length;
        for (int i = 0; i < _indices.Length; i++)
        {
            Span<float> image = values.AsSpan(i * length, length);
            PixelValues.FromBytes(_images.Pixels(_indices[i]), image);
            if (_flips?.Bits((ulong)(update * _indices.Length + i)) % 2 == 1) Mirror(image);
        }
    }

    private void Mirror(Span<float> image)
    {
        int channels = _images.Channels, rowLength = _images.Width * channels;
        for (int row = 0; row < image.Length; row += rowLength)
        {
            // Reverses the whole row, then restores the channel order within each pixel.
            Span<float> pixels = image.Slice(row, rowLength);
            pixels.Reverse();
            for (int pixel = 0; pixel < rowLength && channels > 1; pixel += channels)
                pixels.Slice(pixel, channels).Reverse();
        }
    }
}
