using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;

namespace Tessera.Reporting.Measurements;

/// <summary>Encodes images and decodes latents in batches that are small enough for images of any size.</summary>
/// <param name="model">The model.</param>
/// <param name="cancellation">Cancels the work between batches.</param>
internal sealed class ModelProbe(VqVae model, CancellationToken cancellation)
{
    // As many as in 64 images of 32x32, the batch of an evaluation.
    private const int CellsPerBatch = 64 * 8 * 8;

    /// <summary>The model.</summary>
    public VqVae Model { get; } = model;

    /// <summary>The side of a cell in pixels.</summary>
    private int Cell => Model.Options.PixelsPerCode;

    /// <summary>Encodes and quantizes images, all of one size that fits the model.</summary>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public LatentMaps Encode(IReadOnlyList<Image> images)
    {
        int height = images[0].Height / Cell, width = images[0].Width / Cell;
        float[] pixels = new float[images[0].Pixels.Length];
        var maps = new LatentMaps(images.Count, height, width, Model.Options.CodeDim);
        using var tape = new Tape(Model.Device, recording: false);
        for (int i = 0; i < images.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            PixelValues.FromBytes(images[i].Pixels, pixels);
            Tensor x = tape.Input(pixels, [1, images[i].Height, images[i].Width, images[i].Channels]);
            Model.Quantizer.Lookup(Model.Encode(x)).CopyTo(maps.Of(i));
            tape.Reset();
        }
        return maps;
    }

    /// <summary>The vectors of the codebook, <c>[codes, code dim]</c>, row-major.</summary>
    public float[] Codebook()
    {
        using Tensor codebook = Model.Quantizer.CopyCodebook();
        return codebook.ToArray();
    }

    /// <summary>Decodes maps of latents.</summary>
    /// <param name="count">The number of maps.</param>
    /// <param name="height">Rows of codes in a map.</param>
    /// <param name="width">Columns of codes in a map.</param>
    /// <param name="fill">Writes map i, <c>[height, width, code dim]</c>.</param>
    /// <param name="take">
    /// Receives image i, <c>[4 height, 4 width, channels]</c>, pixels in 0..1. The span is valid during the call
    /// only.
    /// </param>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public void Decode(int count, int height, int width, FillMap fill, TakeImage take)
    {
        int cells = height * width, length = cells * Model.Options.CodeDim;
        int samples = cells * Cell * Cell * Model.Options.Channels;
        int batch = Math.Clamp(CellsPerBatch / cells, 1, count);
        float[] latents = new float[batch * length], pixels = new float[batch * samples];
        using var tape = new Tape(Model.Device, recording: false);
        for (int first = 0; first < count; first += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            int size = Math.Min(batch, count - first);
            for (int i = 0; i < size; i++) fill(first + i, latents.AsSpan(i * length, length));
            Tensor z = tape.Input(latents.AsSpan(0, size * length), [size, height, width, Model.Options.CodeDim]);
            Model.Decode(z).CopyTo(pixels.AsSpan(0, size * samples));
            tape.Reset();
            for (int i = 0; i < size; i++)
            {
                Span<float> image = pixels.AsSpan(i * samples, samples);
                foreach (ref float sample in image) sample = Math.Clamp(sample + 0.5f, 0f, 1f);
                take(first + i, image);
            }
        }
    }

    /// <summary>Decodes maps of latents to images of bytes.</summary>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public Image[] DecodeImages(LatentMaps maps)
    {
        var images = new Image[maps.Count];
        Decode(
            maps.Count, maps.Height, maps.Width,
            (i, map) => maps.Of(i).CopyTo(map),
            (i, image) => images[i] = ToImage(
                image, maps.Width * Cell, maps.Height * Cell, Model.Options.Channels));
        return images;
    }

    /// <summary>Converts pixels in 0..1 to an image of bytes.</summary>
    public static Image ToImage(ReadOnlySpan<float> pixels, int width, int height, int channels)
    {
        Image image = Image.Black(width, height, channels);
        for (int i = 0; i < pixels.Length; i++) image.Pixels[i] = (byte)MathF.Round(pixels[i] * 255f);
        return image;
    }
}

/// <summary>Writes the latents of map i.</summary>
internal delegate void FillMap(int i, Span<float> map);

/// <summary>Receives the pixels of image i.</summary>
internal delegate void TakeImage(int i, ReadOnlySpan<float> pixels);

/// <summary>The quantized latents of images, <c>[count, height, width, dimensions]</c>.</summary>
internal sealed record LatentMaps(int Count, int Height, int Width, int Dimensions)
{
    /// <summary>The values, row-major.</summary>
    public float[] Values { get; } = new float[Count * Height * Width * Dimensions];

    /// <summary>The number of codes of one image.</summary>
    public int Cells => Height * Width;

    /// <summary>The map of image i, <c>[height, width, dimensions]</c>.</summary>
    public Span<float> Of(int i) => Values.AsSpan(i * Cells * Dimensions, Cells * Dimensions);
}
