using Tessera.Tensors.Random;

namespace Tessera.Data;

/// <summary>
/// The order in which training draws images: without replacement, in a new order each epoch. Epoch <c>e</c> is the
/// permutation of <c>CounterRandom(seed, RandomStreams.Epochs + e)</c>; position <c>p</c> of the endless sequence is
/// number <c>p % count</c> of epoch <c>p / count</c>. A batch therefore depends only on (count, seed, batch size,
/// update), and a resumed run needs no saved state. A batch may span two or more epochs.
/// </summary>
/// <remarks>Caches the order of the last epoch used, so an instance serves one thread at a time.</remarks>
/// <example><code>
/// var sampler = new BatchSampler(count: 50_000, seed: 1);
/// int[] batch = new int[256];
/// sampler.Fill(update: 0, batch);
/// </code></example>
public sealed class BatchSampler
{
    private readonly ulong _seed;
    private long _epoch = -1;
    private int[] _order = [];

    /// <summary>Creates the order over a set.</summary>
    /// <param name="count">Number of images in the set, at least 1.</param>
    /// <param name="seed">The run's seed.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    public BatchSampler(int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Count = count;
        _seed = seed;
    }

    /// <summary>Number of images in an epoch.</summary>
    public int Count { get; }

    /// <summary>Writes the image numbers of one batch: positions from <c>update * batch</c> on.</summary>
    /// <param name="update">Number of the batch, from 0.</param>
    /// <param name="indices">Receives the numbers, 0 to <see cref="Count"/> - 1; its length is the batch size.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="update"/> is negative.</exception>
    public void Fill(long update, Span<int> indices) => Fill(update, indices.Length, first: 0, indices);

    /// <summary>Writes the image numbers of a part of a batch.</summary>
    /// <param name="update">Number of the batch, from 0.</param>
    /// <param name="batch">Images of the whole batch.</param>
    /// <param name="first">The place of the part in the batch.</param>
    /// <param name="indices">Receives the numbers, 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="update"/> is negative.</exception>
    public void Fill(long update, int batch, int first, Span<int> indices)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(update);
        long position = checked(update * batch + first);
        while (!indices.IsEmpty)
        {
            (long epoch, long start) = Math.DivRem(position, Count);
            int length = (int)Math.Min(indices.Length, Count - start);
            Order(epoch).AsSpan((int)start, length).CopyTo(indices);
            indices = indices[length..];
            position += length;
        }
    }

    private int[] Order(long epoch)
    {
        if (epoch != _epoch)
        {
            _order = new CounterRandom(_seed, RandomStreams.Epochs + (ulong)epoch).Permutation(Count);
            _epoch = epoch;
        }
        return _order;
    }
}
