using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;

namespace Tessera.Reporting.Measurements;

/// <summary>Encodes pictures and decodes latents in batches that are small enough for pictures of any size.</summary>
/// <param name="model">The model.</param>
/// <param name="cancellation">Cancels the work between batches.</param>
internal sealed class ModelProbe(VqVae model, CancellationToken cancellation)
{
    // As many as in 64 pictures of 32x32, the batch of an evaluation.
    private const int CellsPerBatch = 64 * 8 * 8;

    /// <summary>The model.</summary>
    public VqVae Model { get; } = model;

    /// <summary>Encodes and quantizes pictures, all of one size that fits the model.</summary>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public LatentMaps Encode(IReadOnlyList<Image> pictures)
    {
        int height = pictures[0].Height / VqVae.PixelsPerCode, width = pictures[0].Width / VqVae.PixelsPerCode;
        float[] pixels = new float[pictures[0].Pixels.Length];
        var maps = new LatentMaps(pictures.Count, height, width, Model.Options.CodeDim);
        using var tape = new Tape(Model.Device, recording: false);
        for (int i = 0; i < pictures.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            PixelValues.FromBytes(pictures[i].Pixels, pixels);
            Tensor x = tape.Input(pixels, [1, pictures[i].Height, pictures[i].Width, pictures[i].Channels]);
            Model.Quantizer.Lookup(Model.Encode(x), [1, height, width, maps.Dimensions], tape).CopyTo(maps.Of(i));
            tape.Reset();
        }
        return maps;
    }

    /// <summary>The vectors of the codebook, <c>[codes, code dim]</c>, row-major.</summary>
    public float[] Codebook() => Model.Quantizer.Codebook.ToArray();

    /// <summary>Decodes maps of latents.</summary>
    /// <param name="count">The number of maps.</param>
    /// <param name="height">Rows of codes in a map.</param>
    /// <param name="width">Columns of codes in a map.</param>
    /// <param name="fill">Writes map i, <c>[height, width, code dim]</c>.</param>
    /// <param name="take">
    /// Receives picture i, <c>[4 height, 4 width, channels]</c>, pixels in 0..1. The span is valid during the call
    /// only.
    /// </param>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public void Decode(int count, int height, int width, FillMap fill, TakePicture take)
    {
        int cells = height * width, length = cells * Model.Options.CodeDim;
        int samples = cells * VqVae.PixelsPerCode * VqVae.PixelsPerCode * Model.Options.Channels;
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
                Span<float> picture = pixels.AsSpan(i * samples, samples);
                foreach (ref float sample in picture) sample = Math.Clamp(sample + 0.5f, 0f, 1f);
                take(first + i, picture);
            }
        }
    }

    /// <summary>Decodes maps of latents to pictures of bytes.</summary>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public Image[] DecodePictures(LatentMaps maps)
    {
        var pictures = new Image[maps.Count];
        Decode(
            maps.Count, maps.Height, maps.Width,
            (i, map) => maps.Of(i).CopyTo(map),
            (i, picture) => pictures[i] = ToImage(
                picture, maps.Width * VqVae.PixelsPerCode, maps.Height * VqVae.PixelsPerCode, Model.Options.Channels));
        return pictures;
    }

    /// <summary>Converts pixels in 0..1 to a picture of bytes.</summary>
    public static Image ToImage(ReadOnlySpan<float> pixels, int width, int height, int channels)
    {
        Image image = Image.Black(width, height, channels);
        for (int i = 0; i < pixels.Length; i++) image.Pixels[i] = (byte)MathF.Round(pixels[i] * 255f);
        return image;
    }
}

/// <summary>Writes the latents of map i.</summary>
internal delegate void FillMap(int i, Span<float> map);

/// <summary>Receives the pixels of picture i.</summary>
internal delegate void TakePicture(int i, ReadOnlySpan<float> pixels);

/// <summary>The quantized latents of pictures, <c>[count, height, width, dimensions]</c>.</summary>
internal sealed record LatentMaps(int Count, int Height, int Width, int Dimensions)
{
    /// <summary>The values, row-major.</summary>
    public float[] Values { get; } = new float[Count * Height * Width * Dimensions];

    /// <summary>The number of codes of one picture.</summary>
    public int Cells => Height * Width;

    /// <summary>The map of picture i, <c>[height, width, dimensions]</c>.</summary>
    public Span<float> Of(int i) => Values.AsSpan(i * Cells * Dimensions, Cells * Dimensions);
}
