using System.Numerics;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;

namespace Tessera.Tokens;

/// <summary>
/// Encodes images of one size to codes and decodes codes to images, a batch at a time. The result for an image
/// depends only on the model and the image, bit for bit, not on the other images of the batch.
/// </summary>
/// <remarks>Serves one thread at a time; several tokenizers may share a model.</remarks>
/// <example><code>
/// using var tokenizer = new Tokenizer(model, width: 32, height: 32);
/// int[] codes = tokenizer.Encode([image.Pixels]);       // 8 x 8 codes
/// Image reconstruction = tokenizer.Decode(codes)[0];
/// </code></example>
public sealed class Tokenizer : IDisposable
{
    private readonly VqVae _model;
    private readonly int _width, _height;
    private readonly Tape _tape;
    private readonly float[] _pixels;
    private readonly int[] _codes;

    /// <summary>Creates the tokenizer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="width">Width of the images in pixels, a multiple of 4.</param>
    /// <param name="height">Height of the images in pixels, a multiple of 4.</param>
    /// <exception cref="InputException">The size does not fit the model or is too large.</exception>
    public Tokenizer(VqVae model, int width, int height)
    {
        _model = model;
        _width = width;
        _height = height;
        Batch = ImageFit.BatchFor(width, height);
        ImageFit.Check(model.Options, width, height, model.Options.Channels, Batch);
        _tape = new Tape(model.Device, recording: false);
        _pixels = new float[Batch * height * width * model.Options.Channels];
        _codes = new int[Batch * CodesPerImage];
    }

    /// <summary>The largest number of images per call.</summary>
    public int Batch { get; }

    /// <summary>Rows of codes per image: a quarter of its height.</summary>
    public int Rows => _height / _model.Options.PixelsPerCode;

    /// <summary>Columns of codes per image: a quarter of its width.</summary>
    public int Columns => _width / _model.Options.PixelsPerCode;

    /// <summary>Codes per image.</summary>
    public int CodesPerImage => Rows * Columns;

    /// <summary>Encodes images to codes.</summary>
    /// <param name="images">
    /// Up to <see cref="Batch"/> images, each <c>[height, width, channels]</c> with the model's channels.
    /// </param>
    /// <returns>A code, 0 to K - 1, for each of <c>[images, rows, columns]</c>.</returns>
    /// <exception cref="ArgumentException">There are too many images, or one has another size.</exception>
    public int[] Encode(IReadOnlyList<byte[]> images)
    {
        int length = _pixels.Length / Batch;
        ThrowIfTooMany(images.Count);
        if (images.Count == 0) return [];
        for (int i = 0; i < images.Count; i++)
        {
            if (images[i].Length != length)
                throw new ArgumentException(
                    $"image {i} has {images[i].Length} bytes instead of {length}", nameof(images));
            PixelValues.FromBytes(images[i], _pixels.AsSpan(i * length, length));
        }
        int count = Rounded(images.Count);
        Tensor x = _tape.Input(_pixels.AsSpan(0, count * length), [count, _height, _width, _model.Options.Channels]);
        int[] codes = _model.Encode(x).ToArray();
        _tape.Reset();
        return codes[..(images.Count * CodesPerImage)];
    }

    /// <summary>Decodes codes to images.</summary>
    /// <param name="codes">The codes of up to <see cref="Batch"/> images, <c>[images, rows, columns]</c>.</param>
    /// <exception cref="ArgumentException">The codes do not form whole images, or there are too many.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is not in the codebook.</exception>
    public Image[] Decode(ReadOnlySpan<int> codes)
    {
        int count = codes.Length / CodesPerImage;
        if (count * CodesPerImage != codes.Length)
            throw new ArgumentException(
                $"{codes.Length} codes are no images of {Rows} x {Columns} codes", nameof(codes));
        ThrowIfTooMany(count);
        if (count == 0) return [];
        int length = _pixels.Length / Batch;
        int rounded = Rounded(count);
        codes.CopyTo(_codes);
        // A refused earlier call may have left invalid codes behind.
        _codes.AsSpan(codes.Length, rounded * CodesPerImage - codes.Length).Clear();
        Indices padded = _tape.Indices(
            _codes.AsSpan(0, rounded * CodesPerImage), [rounded, Rows, Columns], _model.Options.Codes);
        _model.Decode(padded)
            .CopyTo(_pixels.AsSpan(0, rounded * length));
        _tape.Reset();
        var images = new Image[count];
        for (int i = 0; i < count; i++)
        {
            images[i] = Image.Black(_width, _height, _model.Options.Channels);
            PixelValues.ToBytes(_pixels.AsSpan(i * length, length), images[i].Pixels);
        }
        return images;
    }

    /// <summary>
    /// Encodes images to codes, batch by batch; the next batch is read while the model encodes the current one.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="images">Images with the model's channels.</param>
    /// <param name="cancellation">Stops encoding.</param>
    /// <returns>The codes of each batch, <c>[images, rows, columns]</c>.</returns>
    /// <exception cref="InputException">The images do not fit the model, or one of them cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IEnumerable<int[]> Encode(
        VqVae model, ImageSource images, CancellationToken cancellation = default)
    {
        ImageFit.Check(model.Options, images.Width, images.Height, images.Channels);
        using var tokenizer = new Tokenizer(model, images.Width, images.Height);
        Task<byte[][]> next = Read(0);
        try
        {
            for (int first = 0; first < images.Count; first += tokenizer.Batch)
            {
                byte[][] batch = next.GetAwaiter().GetResult();
                next = Read(first + tokenizer.Batch);
                yield return tokenizer.Encode(batch);
            }
        }
        finally
        {
            // Discards the prefetched batch and any exception.
            ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        }

        Task<byte[][]> Read(int first)
        {
            int count = Math.Clamp(images.Count - first, 0, tokenizer.Batch);
            return Task.Run(() => images.Read(first, count, cancellation: cancellation), cancellation);
        }
    }

    /// <summary>Decodes codes to images, batch by batch.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">The codes; decoding starts at the reader's current image.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The images, one by one.</returns>
    /// <exception cref="InputException">The codes do not fit the model, or their file is damaged.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IEnumerable<Image> Decode(VqVae model, TokenReader tokens, CancellationToken cancellation = default)
    {
        using var tokenizer = new Tokenizer(
            model, tokens.Columns * model.Options.PixelsPerCode, tokens.Rows * model.Options.PixelsPerCode);
        while (tokens.Left > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] codes = tokens.Read(Math.Min(tokenizer.Batch, tokens.Left));
            foreach (Image image in tokenizer.Decode(codes)) yield return image;
        }
    }

    /// <summary>Releases the working memory.</summary>
    public void Dispose() => _tape.Dispose();

    // Rounds up to a power of two: a device keeps buffers for every batch size it has seen. The padding does not affect
    // the results.
    private int Rounded(int count) => Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)count), Batch);

    private void ThrowIfTooMany(int count)
    {
        if (count > Batch) throw new ArgumentException($"{count} images are more than a batch of {Batch}");
    }
}
