using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;

namespace Tessera.Inspection;

/// <summary>
/// Encodes images to quantized latents and decodes latents, which need not be codes of the codebook, in batches that
/// are small enough for images of any size.
/// </summary>
/// <remarks>Serves one thread at a time; several probes may share a model.</remarks>
/// <param name="model">The model; it is not changed.</param>
/// <param name="cancellation">Cancels the work between batches.</param>
/// <example><code>
/// var probe = new ModelProbe(model);
/// LatentMaps latents = probe.Encode([image]);
/// InfluenceMap influence = InfluenceMap.Measure(probe, latents);
/// </code></example>
public sealed class ModelProbe(VqVae model, CancellationToken cancellation = default)
{
    /// <summary>The model.</summary>
    public VqVae Model { get; } = model;

    /// <summary>The side of a cell in pixels.</summary>
    private int Cell => Model.Options.PixelsPerCode;

    /// <summary>Encodes and quantizes images.</summary>
    /// <param name="images">At least one image; all of one size that fits the model.</param>
    /// <returns>The code vectors, <c>[images, height / cell, width / cell, vector dim]</c>.</returns>
    /// <exception cref="ArgumentException">There is no image, or the images differ in size or channels.</exception>
    /// <exception cref="InputException">The images do not fit the model.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public LatentMaps Encode(IReadOnlyList<Image> images)
    {
        if (images.Count == 0) throw new ArgumentException("there is no image to encode", nameof(images));
        (int width, int height, int channels) = (images[0].Width, images[0].Height, images[0].Channels);
        if (images.Any(image => (image.Width, image.Height, image.Channels) != (width, height, channels)))
            throw new ArgumentException("the images differ in size or channels", nameof(images));
        ImageFit.Check(Model.Options, width, height, channels);
        float[] pixels = new float[images[0].Pixels.Length];
        var maps = new LatentMaps(images.Count, height / Cell, width / Cell, Model.Options.VectorDim);
        using var tape = new Tape(Model.Device, recording: false);
        for (int i = 0; i < images.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            PixelValues.FromBytes(images[i].Pixels, pixels);
            Tensor x = tape.Input(pixels, [1, height, width, channels]);
            Model.Quantizer.Lookup(Model.Encode(x)).CopyTo(maps.Of(i));
            tape.Reset();
        }
        return maps;
    }

    /// <summary>The code vectors of codes.</summary>
    /// <param name="codes">The codes of images, <c>[count, height, width]</c>; several of a cell are innermost.</param>
    /// <param name="count">The number of images, at least 1.</param>
    /// <param name="height">Rows of cells.</param>
    /// <param name="width">Columns of cells.</param>
    internal LatentMaps Lookup(ReadOnlySpan<int> codes, int count, int height, int width)
    {
        int perCell = Model.Options.Cell.Codes;
        var maps = new LatentMaps(count, height, width, Model.Options.VectorDim);
        using var tape = new Tape(Model.Device, recording: false);
        Indices indices = tape.Indices(
            codes, perCell == 1 ? [count, height, width] : [count, height, width, perCell], Model.Options.Codes);
        Model.Quantizer.Lookup(indices).CopyTo(maps.Values);
        return maps;
    }

    /// <summary>A copy of the vectors of the codebook, <c>[codes, vector dim]</c>, row-major.</summary>
    public float[] Codebook()
    {
        using Tensor codebook = Model.Quantizer.CopyCodebook();
        return codebook.ToArray();
    }

    /// <summary>Decodes latents to images.</summary>
    /// <param name="maps">Latents with the model's <see cref="VqVaeOptions.VectorDim"/>.</param>
    /// <returns>An image per map, <c>[cell * height, cell * width, channels]</c>.</returns>
    /// <exception cref="ArgumentException">The latents have another dimension than the model.</exception>
    /// <exception cref="InputException">The maps are too large for the model.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public Image[] Decode(LatentMaps maps)
    {
        CheckDimensions(maps);
        var images = new Image[maps.Count];
        Decode(
            maps.Count, maps.Height, maps.Width,
            (i, map) => maps.Of(i).CopyTo(map),
            (i, values) => images[i] = ToImage(values, maps.Width * Cell, maps.Height * Cell));
        return images;
    }

    /// <summary>Decodes maps of latents that are written one by one.</summary>
    /// <param name="count">The number of maps, at least 1.</param>
    /// <param name="height">Rows of cells in a map.</param>
    /// <param name="width">Columns of cells in a map.</param>
    /// <param name="fill">Writes map i, <c>[height, width, vector dim]</c>.</param>
    /// <param name="take">
    /// Receives image i, <c>[cell * height, cell * width, channels]</c>, as <see cref="PixelValues"/>. The span is
    /// valid during the call only and may be overwritten.
    /// </param>
    /// <exception cref="InputException">The maps are too large for the model.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    internal void Decode(int count, int height, int width, FillMap fill, TakeImage take)
    {
        int length = height * width * Model.Options.VectorDim;
        int samples = height * width * Cell * Cell * Model.Options.Channels;
        int batch = Math.Min(ImageFit.BatchFor(width * Cell, height * Cell), count);
        ImageFit.Check(Model.Options, width * Cell, height * Cell, Model.Options.Channels, batch);
        float[] latents = new float[batch * length], pixels = new float[batch * samples];
        using var tape = new Tape(Model.Device, recording: false);
        for (int first = 0; first < count; first += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            int size = Math.Min(batch, count - first);
            for (int i = 0; i < size; i++) fill(first + i, latents.AsSpan(i * length, length));
            Tensor z = tape.Input(latents.AsSpan(0, size * length), [size, height, width, Model.Options.VectorDim]);
            Model.Decode(z).CopyTo(pixels.AsSpan(0, size * samples));
            tape.Reset();
            for (int i = 0; i < size; i++) take(first + i, pixels.AsSpan(i * samples, samples));
        }
    }

    /// <summary>Converts pixel values of the model to an image.</summary>
    internal Image ToImage(ReadOnlySpan<float> values, int width, int height)
    {
        Image image = Image.Black(width, height, Model.Options.Channels);
        PixelValues.ToBytes(values, image.Pixels);
        return image;
    }

    /// <summary>Checks that latents can be decoded.</summary>
    /// <exception cref="ArgumentException">They have another dimension than the model.</exception>
    internal void CheckDimensions(LatentMaps maps)
    {
        if (maps.Dimensions != Model.Options.VectorDim)
            throw new ArgumentException(
                $"the latents have {maps.Dimensions} dimensions, the model's cells {Model.Options.VectorDim}",
                nameof(maps));
    }
}

/// <summary>Writes the latents of map i.</summary>
internal delegate void FillMap(int i, Span<float> map);

/// <summary>Receives the pixel values of image i.</summary>
internal delegate void TakeImage(int i, Span<float> values);
