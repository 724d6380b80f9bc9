using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Data;

/// <summary>
/// Training batches on a device, in the order of <see cref="BatchSampler"/>. The images lie on the device as bytes; an
/// update names its images by number. Images that do not fit one block of memory stay on the host: the bytes of each
/// batch are then uploaded. A batch depends only on (images, batch size, seed, flips, update).
/// </summary>
/// <example><code>
/// using var block = new UpdateBlock(device);
/// using var batches = new ImageBatches(SyntheticShapes.Load(Split.Train), block, batch: 256, seed: 1);
/// using var tape = new Tape(device);
/// batches.Prepare(update: 0);
/// block.Upload();
/// Tensor images = batches.Load(tape);   // [256, 32, 32, 3], pixels in [-0.5, 0.5]
/// </code></example>
public sealed class ImageBatches : IDisposable
{
    private readonly ImageSet _images;
    private readonly BatchSampler _sampler;
    private readonly CounterRandom? _flips;
    private readonly UpdateBlock _block;
    private readonly BlockIntegers _numbers;
    private readonly ImageLayout _layout;
    private readonly Storage<byte> _bytes;
    private readonly byte[]? _staging;

    /// <summary>Puts the images on the block's device.</summary>
    /// <param name="images">The set; at least one image.</param>
    /// <param name="block">Receives the numbers of the images of each batch.</param>
    /// <param name="batch">Images in a batch, at least 1; may exceed the size of the set.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="flips">Whether each drawn image is mirrored left to right with probability 1/2.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The set is empty, or <paramref name="batch"/> is below 1.
    /// </exception>
    public ImageBatches(ImageSet images, UpdateBlock block, int batch, ulong seed, bool flips = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        _images = images;
        _sampler = new BatchSampler(images.Count, seed);
        _flips = flips ? new CounterRandom(seed, RandomStreams.Flips) : null;
        _block = block;
        _numbers = block.ReserveIntegers(batch);
        _layout = new ImageLayout(images.Height, images.Width, images.Channels);
        if (images.Block is { } all)
        {
            _bytes = block.Device.Share(all);
        }
        else
        {
            _staging = new byte[checked(batch * _layout.Length)];
            _bytes = block.Device.Allocate<byte>(_staging.Length);
        }
    }

    /// <summary>The block that receives the numbers of the images.</summary>
    public UpdateBlock Block => _block;

    /// <summary>Chooses the images of an update; upload the block afterwards.</summary>
    /// <param name="update">Number of the batch, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="update"/> is negative.</exception>
    /// <exception cref="OverflowException">
    /// The batch lies beyond position 2^63 - 1 of the sequence of images.
    /// </exception>
    public void Prepare(long update)
    {
        Span<int> numbers = _numbers.Values;
        _sampler.Fill(update, numbers);
        if (_staging is not null)
        {
            for (int i = 0; i < numbers.Length; i++)
            {
                _images.Pixels(numbers[i]).CopyTo(_staging.AsSpan(i * _layout.Length));
                numbers[i] = i;
            }
            _block.Device.Upload(new ReadOnlySpan<byte>(_staging), _bytes);
        }
        if (_flips is not { } flips) return;
        for (int i = 0; i < numbers.Length; i++)
        {
            // The complement of a number stands for the mirrored image.
            if (flips.Bits((ulong)(update * numbers.Length + i)) % 2 == 1) numbers[i] = ~numbers[i];
        }
    }

    /// <summary>The batch that was prepared.</summary>
    /// <param name="tape">A tape of the block's device.</param>
    /// <returns><c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</returns>
    public Tensor Load(Tape tape) => tape.GatherImages(_bytes, _layout, _numbers.Storage);

    /// <summary>Frees the images on the device.</summary>
    public void Dispose() => _bytes.Dispose();
}
