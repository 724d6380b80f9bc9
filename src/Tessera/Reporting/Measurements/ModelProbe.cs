using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;

namespace Tessera.Reporting.Measurements;

/// <summary>Passes pictures and latents through a model in batches that fit into memory at any size.</summary>
/// <param name="model">The model.</param>
/// <param name="cancellation">Stops it between batches.</param>
internal sealed class ModelProbe(VqVae model, CancellationToken cancellation)
{
    // 64 pictures of 32x32, as in an evaluation.
    private const int CellsPerBatch = 64 * 8 * 8;

    /// <summary>The model.</summary>
    public VqVae Model { get; } = model;

    /// <summary>Encodes and quantizes pictures of one size, which fits the model.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
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

    /// <summary>Decodes maps one after the other.</summary>
    /// <param name="count">How many.</param>
    /// <param name="height">Rows of codes.</param>
    /// <param name="width">Columns of codes.</param>
    /// <param name="fill">Writes map i, <c>[height, width, code dim]</c>.</param>
    /// <param name="take">
    /// Takes picture i, which is only lent: pixels in 0..1, <c>[4 height, 4 width, channels]</c>.
    /// </param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
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

    /// <summary>Decodes maps to pictures of bytes.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
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

    /// <summary>A picture of pixels in 0..1.</summary>
    public static Image ToImage(ReadOnlySpan<float> pixels, int width, int height, int channels)
    {
        Image image = Image.Black(width, height, channels);
        for (int i = 0; i < pixels.Length; i++) image.Pixels[i] = (byte)MathF.Round(pixels[i] * 255f);
        return image;
    }
}

/// <summary>Writes the latents of map i.</summary>
internal delegate void FillMap(int i, Span<float> map);

/// <summary>Takes the pixels of picture i.</summary>
internal delegate void TakePicture(int i, ReadOnlySpan<float> pixels);

/// <summary>Quantized latents of pictures, <c>[count, height, width, dimensions]</c>.</summary>
internal sealed record LatentMaps(int Count, int Height, int Width, int Dimensions)
{
    /// <summary>The values, row-major.</summary>
    public float[] Values { get; } = new float[Count * Height * Width * Dimensions];

    /// <summary>Codes of one picture.</summary>
    public int Cells => Height * Width;

    /// <summary>The map of picture i.</summary>
    public Span<float> Of(int i) => Values.AsSpan(i * Cells * Dimensions, Cells * Dimensions);
}
