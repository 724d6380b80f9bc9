namespace Tessera.Models;

/// <summary>What pictures a model can take, and how many at once.</summary>
internal static class PictureFit
{
    // 64 pictures of 32x32: enough to keep the threads busy, little memory at any size.
    private const int PixelsPerBatch = 64 * 32 * 32;

    // Array.MaxLength less what aligning a tensor takes.
    private const long MaxElements = int.MaxValue - 128;

    /// <summary>How many pictures of a size are shown to a model at once where nothing else decides it, at least 1.</summary>
    public static int BatchFor(int width, int height) => (int)Math.Max(PixelsPerBatch / ((long)width * height), 1);

    /// <summary>Checks that a model can take a batch of pictures.</summary>
    /// <exception cref="InputException">It cannot; the message tells why.</exception>
    public static void Check(VqVaeOptions model, int width, int height, int channels, int batch = 1)
    {
        if (channels != model.Channels)
            throw new InputException($"the model takes pictures of {model.Channels} channels; these have {channels}");
        if (width % VqVae.PixelsPerCode != 0 || height % VqVae.PixelsPerCode != 0)
            throw new InputException(
                $"pictures of height {height} and width {width} do not fit: both must be multiples of {VqVae.PixelsPerCode}");
        if (model.LargestMap(width, height) * batch > MaxElements)
            throw new InputException(
                $"{batch} pictures of height {height} and width {width} are too much for this model at once: one of its tensors would have "
                + "2^31 elements or more; take a smaller batch, size or hidden");
    }
}
