using System.Runtime.CompilerServices;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Models;

/// <summary>The image sizes and batch sizes that a model can take.</summary>
internal static class ImageFit
{
    // 64 images of 32x32: enough to keep the threads busy, with little memory at any size.
    private const int PixelsPerBatch = 64 * 32 * 32;

    // The longest array, minus room to align a tensor.
    private const long MaxElements = int.MaxValue - 128;

    // Found once for each options: a tokenizer checks every call.
    private static readonly ConditionalWeakTable<VqVaeOptions, StrongBox<long>> LargestPerCode = [];
    private static readonly ConditionalWeakTable<VqVaeOptions, StrongBox<long>> LargestInTraining = [];

    /// <summary>The default batch size for images of a size, at least 1.</summary>
    public static int BatchFor(int width, int height) => (int)Math.Max(PixelsPerBatch / ((long)width * height), 1);

    /// <summary>Checks that a model can take a batch of images.</summary>
    /// <param name="model">The model's options.</param>
    /// <param name="width">The images' width.</param>
    /// <param name="height">Their height.</param>
    /// <param name="channels">Their channels.</param>
    /// <param name="batch">Images of a batch.</param>
    /// <param name="training">Whether the model is trained: some terms of the loss need more room than it does.</param>
    /// <exception cref="InputException">It cannot; the message says why.</exception>
    public static void Check(
        VqVaeOptions model, int width, int height, int channels, int batch = 1, bool training = false)
    {
        if (channels != model.Channels)
            throw new InputException($"the model takes images with {model.Channels} channels; these have {channels}");
        if (width % model.PixelsPerCode != 0 || height % model.PixelsPerCode != 0)
            throw new InputException(
                $"images of height {height} and width {width} do not fit: "
                + $"both must be multiples of {model.PixelsPerCode}");
        long codes = (long)(width / model.PixelsPerCode) * (height / model.PixelsPerCode) * batch;
        long largest = training
            ? LargestInTraining.GetValue(model, options => FindLargest(options, training: true)).Value
            : LargestPerCode.GetValue(model, options => FindLargest(options, training: false)).Value;
        if (codes * largest > MaxElements)
            throw new InputException(
                $"{batch} images of height {height} and width {width} are too many for this model: "
                + "one of its tensors would have 2^31 elements or more; "
                + "choose smaller batches, smaller images, fewer hidden channels or fewer codes");
    }

    /// <summary>
    /// The elements of the network's largest map for each code: the most by which a tensor grows with one more code. A
    /// tensor that does not grow is no map, such as a computed codebook.
    /// </summary>
    private static StrongBox<long> FindLargest(VqVaeOptions model, bool training)
    {
        using var device = new LengthDevice();
        using var network = new VqVae(model, device: device);
        return new StrongBox<long>(LengthsFor(2).Zip(LengthsFor(1), (two, one) => (long)two - one).Max());

        int[] LengthsFor(int images)
        {
            // So that nothing of the run before is reused.
            device.Trim();
            device.Lengths.Clear();
            using var tape = new Tape(device, recording: training);
            network.Forward(tape.Allocate([images, model.PixelsPerCode, model.PixelsPerCode, model.Channels]));
            return [.. device.Lengths];
        }
    }

    /// <summary>Has no memory, and notes what is allocated.</summary>
    private sealed class LengthDevice : ShapeDevice
    {
        public List<int> Lengths { get; } = [];

        public override Storage<T> Allocate<T>(int length)
        {
            Lengths.Add(length);
            return base.Allocate<T>(length);
        }
    }
}
