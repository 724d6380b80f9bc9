using System.Numerics;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Tokens;

/// <summary>
/// Encodes images to codes and decodes codes to images. The result for an image depends only on the model and the
/// image, bit for bit, not on the other images of a call.
/// </summary>
/// <remarks>
/// Serves one thread at a time; several tokenizers may share a model. Any number of images may be given: they are
/// computed in batches of about 65,536 pixels. Working memory is kept for the next call; the device keeps that of every
/// image size it has seen, until <see cref="Device.Trim"/>.
/// </remarks>
/// <example><code>
/// using var tokenizer = Tokenizer.Open("runs/cifar");
/// int[] codes = tokenizer.Encode(ImageFile.Read("cat.png"));            // 32 x 32 pixels
/// Image reconstruction = tokenizer.Decode(codes, rows: 8, columns: 8);
/// </code></example>
public sealed class Tokenizer : IDisposable
{
    private readonly bool _ownsModel;
    private readonly RepeatedPass<Tensor, Storage<int>> _encoding;
    private readonly RepeatedPass<Indices, Storage<float>> _decoding;
    private float[] _pixels = [];
    private int[] _codes = [];

    /// <summary>Creates the tokenizer of a model, which the caller keeps and disposes.</summary>
    /// <param name="model">The model.</param>
    public Tokenizer(VqVae model) : this(model, ownsModel: false)
    {
    }

    private Tokenizer(VqVae model, bool ownsModel)
    {
        Model = model;
        _ownsModel = ownsModel;
        _encoding = new RepeatedPass<Tensor, Storage<int>>(
            model.Device, shape => Tensor.Zeros(shape, model.Device), (tape, x) => model.Encode(x.On(tape)).Storage);
        _decoding = new RepeatedPass<Indices, Storage<float>>(
            model.Device, shape => Indices.From(new int[shape.Length], shape, model.Options.Codes, model.Device),
            (tape, codes) => model.Decode(model.FirstLevels(codes.On(tape), Depth)).Storage);
    }

    /// <summary>The model.</summary>
    public VqVae Model { get; }

    /// <summary>
    /// Pixels per code in each direction: P. The height and width of images are multiples of it.
    /// </summary>
    public int PixelsPerCode => Model.Options.PixelsPerCode;

    /// <summary>
    /// Codes of a cell. If it is above 1, the codes of a cell follow each other wherever codes are taken or given.
    /// </summary>
    public int CodesPerCell => Model.Options.Cell.Codes;

    /// <summary>
    /// The first levels of a residual quantizer (of each group, if there are several) that decoding uses, 1 to <see
    /// cref="CellOptions.Depth"/>; by default, null, all. The codes that it takes are those of all levels all the same.
    /// </summary>
    /// <exception cref="InputException">The model has no levels to leave out, or not so many.</exception>
    public int? Depth
    {
        get;
        init
        {
            if (value is { } depth) Model.Options.Cell.CheckFirstLevels(depth);
            field = value;
        }
    }

    /// <summary>Opens a trained model.</summary>
    /// <param name="path">
    /// A run folder (its newest weights), a checkpoint folder, or a model file of Tessera or PyTorch.
    /// </param>
    /// <param name="device">The model's device, which the caller keeps; null for the default device.</param>
    /// <param name="key">The key of the state dict in a PyTorch file; null if only one fits.</param>
    /// <returns>The tokenizer, which disposes its model.</returns>
    /// <exception cref="InputException">There is no model file, or it is damaged.</exception>
    public static Tokenizer Open(string path, Device? device = null, string? key = null) =>
        new(ModelFile.Read(path, device, key).Model, ownsModel: true);

    /// <summary>Encodes an image to codes.</summary>
    /// <param name="image">An image with the model's channels, height and width multiples of P.</param>
    /// <returns>A code, 0 to K - 1, for each of <c>[height / P, width / P]</c>.</returns>
    /// <exception cref="InputException">The image does not fit the model.</exception>
    public int[] Encode(Image image) => Encode([image]);

    /// <summary>Encodes images to codes.</summary>
    /// <param name="images">
    /// Any number of images of one size, with the model's channels, height and width multiples of P.
    /// </param>
    /// <param name="cancellation">Stops encoding between batches.</param>
    /// <returns>A code, 0 to K - 1, for each of <c>[images, height / P, width / P]</c>.</returns>
    /// <exception cref="InputException">The images do not fit the model.</exception>
    /// <exception cref="ArgumentException">The images differ in size or channels.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public int[] Encode(IReadOnlyList<Image> images, CancellationToken cancellation = default)
    {
        if (images.Count == 0) return [];
        Image first = images[0];
        for (int i = 1; i < images.Count; i++)
        {
            Image image = images[i];
            if ((image.Height, image.Width, image.Channels) != (first.Height, first.Width, first.Channels))
                throw new ArgumentException(
                    $"the images differ: the first is {SizeOf(first)}, image {i} is {SizeOf(image)} "
                    + "(height x width x channels)",
                    nameof(images));
        }
        var layout = new ImageLayout(first.Height, first.Width, first.Channels);
        int batch = BatchFor(layout), perImage = CodesPerImage(layout);
        int[] codes = new int[checked(images.Count * perImage)];
        for (int start = 0; start < images.Count; start += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(batch, images.Count - start), from = start;
            EncodeBatch(count, i => images[from + i].Pixels, layout)
                .CopyTo(codes.AsSpan(start * perImage));
        }
        return codes;
    }

    /// <summary>
    /// Encodes images to codes, batch by batch; the next batch is read while the model encodes the current one.
    /// </summary>
    /// <param name="images">Images with the model's channels, height and width multiples of P.</param>
    /// <param name="cancellation">Stops encoding.</param>
    /// <returns>The codes of each batch, <c>[images, height / P, width / P]</c>.</returns>
    /// <exception cref="InputException">The images do not fit the model, or one of them cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public IEnumerable<int[]> Encode(ImageSource images, CancellationToken cancellation = default)
    {
        var layout = new ImageLayout(images.Height, images.Width, images.Channels);
        return EncodeBatches(images, layout, BatchFor(layout), cancellation);
    }

    /// <summary>Decodes the codes of an image.</summary>
    /// <param name="codes">A code, 0 to K - 1, for each of <c>[rows, columns]</c>.</param>
    /// <param name="rows">Rows of codes: the image's height / P.</param>
    /// <param name="columns">Columns of codes: the image's width / P.</param>
    /// <returns>The image, of P rows x P columns pixels.</returns>
    /// <exception cref="ArgumentException">
    /// The codes are not rows x columns, or one is none of the codebook.
    /// </exception>
    /// <exception cref="InputException">The size is too large for the model.</exception>
    public Image Decode(ReadOnlySpan<int> codes, int rows, int columns)
    {
        CheckGrid(rows, columns);
        if (codes.Length != (long)rows * columns * CodesPerCell)
            throw new ArgumentException(
                $"{codes.Length} codes are not one image of {rows} x {columns} codes"
                + (CodesPerCell == 1 ? "" : $", {CodesPerCell} for each"),
                nameof(codes));
        return DecodeAll(codes, rows, columns)[0];
    }

    /// <summary>Decodes the codes of images.</summary>
    /// <param name="codes">
    /// A code, 0 to K - 1, for each of <c>[images, rows, columns]</c>; any number of images.
    /// </param>
    /// <param name="rows">Rows of codes per image: its height / P.</param>
    /// <param name="columns">Columns of codes per image: its width / P.</param>
    /// <param name="cancellation">Stops decoding between batches.</param>
    /// <returns>The images, each of P rows x P columns pixels.</returns>
    /// <exception cref="ArgumentException">
    /// The codes do not form whole images, or one is none of the codebook.
    /// </exception>
    /// <exception cref="InputException">The size is too large for the model.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public Image[] DecodeAll(
        ReadOnlySpan<int> codes, int rows, int columns, CancellationToken cancellation = default)
    {
        ImageLayout layout = LayoutOf(rows, columns);
        int perImage = rows * columns * CodesPerCell;
        if (codes.Length % perImage != 0)
            throw new ArgumentException(
                $"{codes.Length} codes do not form whole images of {rows} x {columns} codes"
                + (CodesPerCell == 1 ? "" : $", {CodesPerCell} for each"),
                nameof(codes));
        int batch = BatchFor(layout);
        var images = new Image[codes.Length / perImage];
        for (int start = 0; start < images.Length; start += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(batch, images.Length - start);
            DecodeBatch(codes.Slice(start * perImage, count * perImage), images.AsSpan(start, count), layout);
        }
        return images;
    }

    /// <summary>Decodes codes to images, batch by batch.</summary>
    /// <param name="tokens">The codes; decoding starts at the reader's current image.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The images, one by one.</returns>
    /// <exception cref="InputException">The codes do not fit the model, or their file is damaged.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public IEnumerable<Image> Decode(TokenReader tokens, CancellationToken cancellation = default)
    {
        ImageLayout layout = LayoutOf(tokens.Rows, tokens.Columns);
        return DecodeBatches(tokens, layout, BatchFor(layout), cancellation);
    }

    /// <summary>Encodes and decodes an image.</summary>
    /// <param name="image">An image with the model's channels, height and width multiples of P.</param>
    /// <returns>The reconstruction, of the same size.</returns>
    /// <exception cref="InputException">The image does not fit the model.</exception>
    public Image Reconstruct(Image image) =>
        Decode(Encode(image), image.Height / PixelsPerCode, image.Width / PixelsPerCode);

    /// <summary>Releases the working memory, and the model if <see cref="Open"/> read it.</summary>
    public void Dispose()
    {
        _encoding.Dispose();
        _decoding.Dispose();
        if (_ownsModel) Model.Dispose();
    }

    private IEnumerable<int[]> EncodeBatches(
        ImageSource images, ImageLayout layout, int batch, CancellationToken cancellation)
    {
        Task<byte[][]> next = Read(0);
        try
        {
            for (int first = 0; first < images.Count; first += batch)
            {
                byte[][] pixels = next.GetAwaiter().GetResult();
                next = Read(first + batch);
                yield return EncodeBatch(pixels.Length, i => pixels[i], layout);
            }
        }
        finally
        {
            // Discards the prefetched batch and any exception.
            ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        }

        Task<byte[][]> Read(int first)
        {
            int count = Math.Clamp(images.Count - first, 0, batch);
            return Task.Run(() => images.Read(first, count, cancellation: cancellation), cancellation);
        }
    }

    private IEnumerable<Image> DecodeBatches(
        TokenReader tokens, ImageLayout layout, int batch, CancellationToken cancellation)
    {
        while (tokens.Left > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(batch, tokens.Left);
            var images = new Image[count];
            DecodeBatch(tokens.Read(count), images, layout);
            foreach (Image image in images) yield return image;
        }
    }

    private int[] EncodeBatch(int count, Func<int, byte[]> pixelsOf, ImageLayout layout)
    {
        int rounded = Rounded(count, layout);
        Memory<float> pixels = Grown(ref _pixels, rounded * layout.Length);
        for (int i = 0; i < count; i++)
            PixelValues.FromBytes(pixelsOf(i), pixels.Span.Slice(i * layout.Length, layout.Length));
        int[] codes = new int[rounded * CodesPerImage(layout)];
        _encoding.Run(
            [rounded, layout.Height, layout.Width, layout.Channels], x => x.CopyFrom(pixels.Span),
            output => Model.Device.Download(output, codes));
        return codes[..(count * CodesPerImage(layout))];
    }

    private void DecodeBatch(ReadOnlySpan<int> codes, Span<Image> images, ImageLayout layout)
    {
        int rounded = Rounded(images.Length, layout);
        Memory<int> padded = Grown(ref _codes, rounded * CodesPerImage(layout));
        codes.CopyTo(padded.Span);
        // A refused earlier call may have left invalid codes behind.
        padded.Span[codes.Length..].Clear();
        Memory<float> pixels = Grown(ref _pixels, rounded * layout.Length);
        (int rows, int columns) = (layout.Height / PixelsPerCode, layout.Width / PixelsPerCode);
        _decoding.Run(
            CodesPerCell == 1 ? [rounded, rows, columns] : [rounded, rows, columns, CodesPerCell],
            x => x.CopyFrom(padded.Span),
            output => Model.Device.Download(output, pixels.Span));
        for (int i = 0; i < images.Length; i++)
        {
            images[i] = Image.Black(layout.Width, layout.Height, layout.Channels);
            PixelValues.ToBytes(pixels.Span.Slice(i * layout.Length, layout.Length), images[i].Pixels);
        }
    }

    /// <summary>The largest number of images computed at once, after a check that they fit the model.</summary>
    private int BatchFor(ImageLayout layout)
    {
        int batch = ImageFit.BatchFor(layout.Width, layout.Height);
        ImageFit.Check(Model.Options, layout.Width, layout.Height, layout.Channels, batch);
        return batch;
    }

    private int CodesPerImage(ImageLayout layout) =>
        layout.Height / PixelsPerCode * (layout.Width / PixelsPerCode) * CodesPerCell;

    private ImageLayout LayoutOf(int rows, int columns)
    {
        CheckGrid(rows, columns);
        return new ImageLayout(rows * PixelsPerCode, columns * PixelsPerCode, Model.Options.Channels);
    }

    private void CheckGrid(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        // One tensor must hold the image.
        if ((long)rows * columns > int.MaxValue / Math.Max(PixelsPerCode * PixelsPerCode, CodesPerCell))
            throw new InputException($"images of {rows} x {columns} codes are too large for any model");
    }

    // Rounds up to a power of two: a device keeps buffers for every batch size it has seen. The padding does not affect
    // the results.
    private static int Rounded(int count, ImageLayout layout) => Math.Min(
        (int)BitOperations.RoundUpToPowerOf2((uint)count), ImageFit.BatchFor(layout.Width, layout.Height));

    private static Memory<T> Grown<T>(ref T[] array, int length)
    {
        if (array.Length < length) array = new T[length];
        return array.AsMemory(0, length);
    }

    private static string SizeOf(Image image) => $"{image.Height}x{image.Width}x{image.Channels}";
}
