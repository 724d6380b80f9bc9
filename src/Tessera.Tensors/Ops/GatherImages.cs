using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Puts a batch of images on a tape, from images in the device's memory:
    /// <c>y[i] = images[numbers[i]] / 255 - 0.5</c>.
    /// </summary>
    /// <param name="tape">The tape.</param>
    /// <param name="images">Images of one layout as bytes, one after another.</param>
    /// <param name="layout">Their layout.</param>
    /// <param name="numbers">
    /// The number of each image of the batch; <c>~n</c> for image n mirrored left to right. The caller keeps them in
    /// range.
    /// </param>
    /// <returns><c>[numbers, height, width, channels]</c>, numbers in [-0.5, 0.5].</returns>
    public static Tensor GatherImages(
        this Tape tape, Storage<byte> images, ImageLayout layout, Storage<int> numbers)
    {
        Tensor y = tape.Allocate([numbers.Length, layout.Height, layout.Width, layout.Channels]);
        tape.Device.GatherImages(images, layout, numbers, y.Storage);
        return y;
    }
}
