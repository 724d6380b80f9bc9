using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Puts a batch of images on a tape, from n images in the device's memory:
    /// <c>y[i] = images[numbers[i]] / 255 - 0.5</c>.
    /// </summary>
    /// <param name="tape">The tape.</param>
    /// <param name="images">n images of one layout as bytes, one after another.</param>
    /// <param name="layout">Their layout.</param>
    /// <param name="numbers">
    /// The number of each image of the batch, 0 to n - 1; n + k for image k mirrored left to right.
    /// </param>
    /// <returns><c>[numbers, height, width, channels]</c>, numbers in [-0.5, 0.5].</returns>
    /// <exception cref="ArgumentException">
    /// A number may be 2n or more, or the numbers are on another device than the tape.
    /// </exception>
    public static Tensor GatherImages(
        this Tape tape, Storage<byte> images, ImageLayout layout, Indices numbers)
    {
        int count = images.Length / layout.Length;
        if (numbers.Limit > 2L * count)
            throw new ArgumentException(
                $"numbers up to {numbers.Limit - 1} do not fit {count} images, mirrored or not", nameof(numbers));
        if (numbers.Device != tape.Device)
            throw new ArgumentException("the tape is of another device than the numbers", nameof(numbers));
        Tensor y = tape.Allocate([numbers.Shape.Length, layout.Height, layout.Width, layout.Channels]);
        tape.Device.GatherImages(images, layout, numbers.Storage, y.Storage);
        return y;
    }
}
