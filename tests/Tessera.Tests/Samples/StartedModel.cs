using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Tests.Samples;

/// <summary>
/// Small untrained models whose codes are encoder vectors of images. With random codes, all vectors would get the
/// same code.
/// </summary>
internal static class StartedModel
{
    public static VqVaeOptions Options { get; } =
        new() { Hidden = 8, ResidualHidden = 4, ResidualLayers = 1, Codes = 64, CodeDim = 6 };

    /// <summary>Creates a model.</summary>
    /// <param name="options">The sizes of the model.</param>
    /// <param name="images">Images of one size with at least as many vectors as there are codes.</param>
    /// <param name="device">The device; the CPU if null.</param>
    public static VqVae Create(VqVaeOptions options, IReadOnlyList<Image> images, Device? device = null)
    {
        var model = new VqVae(options, seed: 2, device);
        Tensor latents = model.Quantizer
            .Quantize(model.EncodeToVectors(ToTensor(images, device)), training: false).Levels[0].Latents;
        int dimensions = latents.Shape.Last;
        model.Quantizer.Start(
            latents.Reshape([latents.Shape.Rows, dimensions]).Rows(0, options.Codes), vectorsPerCode: 1);
        return model;
    }

    /// <summary>Images of one size as <c>[images, height, width, channels]</c>.</summary>
    public static Tensor ToTensor(IReadOnlyList<Image> images, Device? device)
    {
        byte[] pixels = [.. images.SelectMany(image => image.Pixels)];
        float[] values = new float[pixels.Length];
        PixelValues.FromBytes(pixels, values);
        return Tensor.From(
            values, [images.Count, images[0].Height, images[0].Width, images[0].Channels], device);
    }
}
