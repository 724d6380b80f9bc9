using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Devices;

namespace Tessera.Tests.Samples;

/// <summary>
/// Small untrained models whose codes are encoder vectors of pictures. With random codes, all vectors would get the
/// same code.
/// </summary>
internal static class StartedModel
{
    public static VqVaeOptions Options { get; } =
        new() { Hidden = 8, ResidualHidden = 4, ResidualLayers = 1, Codes = 64, CodeDim = 6 };

    /// <summary>Creates a model.</summary>
    /// <param name="options">The sizes of the model.</param>
    /// <param name="pictures">Pictures of one size with at least as many vectors as there are codes.</param>
    /// <param name="device">The device; the CPU if null.</param>
    public static VqVae Create(VqVaeOptions options, IReadOnlyList<Image> pictures, Device? device = null)
    {
        var model = new VqVae(options, seed: 2, device);
        Tensor lookedUp = model.Quantizer
            .Quantize(model.EncodeToVectors(ToTensor(pictures, device)), training: false).LookedUp;
        model.Quantizer.Start(lookedUp.AsSpan()[..(options.Codes * lookedUp.Shape.Last)], vectorsPerCode: 1);
        return model;
    }

    /// <summary>Pictures of one size as <c>[pictures, height, width, channels]</c>.</summary>
    public static Tensor ToTensor(IReadOnlyList<Image> pictures, Device? device)
    {
        byte[] pixels = [.. pictures.SelectMany(picture => picture.Pixels)];
        float[] values = new float[pixels.Length];
        PixelValues.FromBytes(pixels, values);
        return Tensor.From(
            values, [pictures.Count, pictures[0].Height, pictures[0].Width, pictures[0].Channels], device);
    }
}
