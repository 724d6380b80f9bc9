namespace Tessera.Models;

/// <summary>The image sizes and batch sizes that a model can take.</summary>
internal static class ImageFit
{
    // 64 images of 32x32: enough to keep the threads busy, with little memory at any size.
    private const int PixelsPerBatch = 64 * 32 * 32;

    // The longest array, minus room to align a tensor.
    private const long MaxElements = int.MaxValue - 128;

    /// <summary>The default batch size for images of a size, at least 1.</summary>
    public static int BatchFor(int width, int height) => (int)Math.Max(PixelsPerBatch / ((long)width * height), 1);

    /// <summary>Checks that a model can take a batch of images.</summary>
    /// <exception cref="InputException">It cannot; the message says why.</exception>
    public static void Check(VqVaeOptions model, int width, int height, int channels, int batch = 1)
    {
        if (channels != model.Channels)
            throw new InputException($"the model takes images with {model.Channels} channels; these have {channels}");
        if (width % model.PixelsPerCode != 0 || height % model.PixelsPerCode != 0)
            throw new InputException(
                $"images of height {height} and width {width} do not fit: "
                + $"both must be multiples of {model.PixelsPerCode}");
        if (model.LargestMap(width, height) * batch > MaxElements)
            throw new InputException(
                $"{batch} images of height {height} and width {width} are too many for this model: "
                + "one of its tensors would have 2^31 elements or more; choose a smaller batch, size or hidden");
    }
}
