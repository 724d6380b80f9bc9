using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Data;

/// <summary>
/// Training batches on a device, in the order of <see cref="BatchSampler"/>. The images lie on the device as bytes; an
/// update names its images by number. Images of a store, and those that do not fit one block of memory, stay where they
/// are: the bytes of each batch are read on another thread while the update before runs, then uploaded. A batch depends
/// only on (images, batch size, seed, flips, update).
/// </summary>
/// <example><code>
/// using var batches = new ImageBatches(SyntheticShapes.Load(Split.Train), batch: 256, seed: 1);
/// using var tape = new Tape();
/// Tensor images = batches.Load(tape, update: 0);   // [256, 32, 32, 3], pixels in [-0.5, 0.5]
/// </code></example>
public sealed class ImageBatches : IDisposable
{
    private readonly BatchSampler _sampler;
    private readonly CounterRandom? _flips;
    private readonly UpdateBlock _block;
    private readonly BlockIntegers _numbers;
    private readonly Indices _chosen;
    private readonly int _batch, _first, _count;
    private readonly ImageLayout _layout;
    private readonly Storage<byte> _bytes;
    private readonly BatchReader? _reader;
    private readonly bool _ownsBlock;

    /// <summary>Puts the images on a device, with a block of their own for the numbers of each batch.</summary>
    /// <param name="images">The set; at least one image.</param>
    /// <param name="batch">Images in a batch, at least 1; may exceed the size of the set.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="flips">Whether each drawn image is mirrored left to right with probability 1/2.</param>
    /// <param name="device">The device; null for the processor.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The set is empty, or <paramref name="batch"/> is below 1.
    /// </exception>
    public ImageBatches(ImageSet images, int batch, ulong seed, bool flips = false, Device? device = null)
        : this(images, new UpdateBlock(device ?? Device.Default, Math.Max(batch, 1)), batch, seed, flips) =>
        _ownsBlock = true;

    /// <summary>Puts the images on the device of a block that updates share.</summary>
    /// <param name="images">The set; at least one image.</param>
    /// <param name="block">Receives the numbers of the images of each batch.</param>
    /// <param name="batch">Images in a batch, at least 1; may exceed the size of the set.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="flips">Whether each drawn image is mirrored left to right with probability 1/2.</param>
    /// <param name="share">The part of each batch that this process has; null for all.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The set is empty, or <paramref name="batch"/> is below 1.
    /// </exception>
    public ImageBatches(
        ImageSet images, UpdateBlock block, int batch, ulong seed, bool flips = false, BatchShare? share = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        _sampler = new BatchSampler(images.Count, seed);
        _flips = flips ? new CounterRandom(seed, RandomStreams.Flips) : null;
        _block = block;
        (_batch, _first) = (batch, share?.First ?? 0);
        batch = share?.Count ?? batch;
        _numbers = block.ReserveIntegers(batch);
        _layout = new ImageLayout(images.Height, images.Width, images.Channels);
        if (images.Block is { } all)
        {
            _bytes = block.Device.Share(all);
        }
        else
        {
            _reader = new BatchReader(images, _sampler, _batch, _first, batch, _layout.Length);
            _bytes = block.Device.Allocate<byte>(checked(batch * _layout.Length));
        }
        _count = _bytes.Length / _layout.Length;
        _chosen = _numbers.AsIndices(limit: 2 * _count);
    }

    /// <summary>The batch of an update, where no other numbers share the block.</summary>
    /// <param name="tape">A tape of the images' device.</param>
    /// <param name="update">Number of the batch, from 0.</param>
    /// <returns><c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</returns>
    /// <inheritdoc cref="Prepare"/>
    public Tensor Load(Tape tape, long update)
    {
        Prepare(update);
        _block.Upload();
        return Load(tape);
    }

    /// <summary>Chooses the images of an update; upload the block afterwards.</summary>
    /// <param name="update">Number of the batch, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="update"/> is negative.</exception>
    /// <exception cref="OverflowException">
    /// The batch lies beyond position 2^63 - 1 of the sequence of images.
    /// </exception>
    /// <exception cref="InputException">The images are in a store that cannot be read.</exception>
    public void Prepare(long update)
    {
        Span<int> numbers = _numbers.Values;
        if (_reader is null)
        {
            _sampler.Fill(update, _batch, _first, numbers);
        }
        else
        {
            for (int i = 0; i < numbers.Length; i++) numbers[i] = i;
            _block.Device.Upload(_reader.Read(update), _bytes);
        }
        if (_flips is not { } flips) return;
        for (int i = 0; i < numbers.Length; i++)
        {
            if (flips.Bits((ulong)(update * _batch + _first + i)) % 2 == 1) numbers[i] += _count;
        }
    }

    /// <summary>The batch that was prepared.</summary>
    /// <param name="tape">A tape of the block's device.</param>
    /// <returns><c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</returns>
    public Tensor Load(Tape tape) => tape.GatherImages(_bytes, _layout, _chosen);

    /// <summary>Frees the images on the device, and the block if it is their own.</summary>
    public void Dispose()
    {
        _reader?.Dispose();
        _bytes.Dispose();
        if (_ownsBlock) _block.Dispose();
    }
}
