using System.Globalization;
using System.Runtime.CompilerServices;
using Tessera.Tensors.Devices;

namespace Tessera.Runs;

/// <summary>
/// The memory that an update needs on a device, found by an update on a device without memory: <c>a + b x batch</c>,
/// with the data set, the weights and the optimizer's state in a, and activations and gradients in b.
/// </summary>
internal static class UpdateMemory
{
    // The rest is the driver's, and kernels have buffers of their own.
    private const double Usable = 0.9;

    /// <summary>The bytes that an update with a batch of a size needs; null if they cannot be counted.</summary>
    public static long? BytesOf(Learner learner, int batch)
    {
        using var device = new CountingDevice();
        using Learner? counted = learner.WithBatch(batch, device);
        if (counted is null) return null;
        using var optimizer = new ModelOptimizer(counted, learner.Run.Options);
        using var step = new UpdateStep(counted, optimizer, Trainer.UpdatesPerRow);
        step.Run(update: 0, done: 0);
        return device.Bytes;
    }

    /// <summary>What is said where a device's memory is used up; null if the device does not know its memory.</summary>
    public static InputException? Explain(Learner learner, InsufficientMemoryException error)
    {
        int ranks = learner.Ranks.Size, batch = (learner.Run.Options.Batch + ranks - 1) / ranks;
        if (learner.Device.Memory is not { } memory || BytesOf(learner, batch) is not { } needed) return null;
        long half = BytesOf(learner, Math.Max(batch / 2, 1))!.Value;
        double perImage = (needed - half) / (double)Math.Max(batch - batch / 2, 1);
        // Others may use the device too: what did not fit is not proposed.
        double largest = Math.Min((Usable * memory - (needed - perImage * batch)) / perImage, batch - 1);
        string fits = largest >= 1
            ? $"a batch of {(long)largest * ranks} would fit"
            : "a batch of 1 would not fit either; choose smaller images or a smaller model";
        return new InputException(
            $"{nameof(RunOptions.Batch)} {learner.Run.Options.Batch} needs about {Text(needed)}; "
            + $"{learner.Device.Description} has {Text(memory)}; {fits}", error)
        { Option = nameof(RunOptions.Batch) };
    }

    private static string Text(double bytes) => bytes >= 1 << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 30):0.0} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 20):0.0} MiB");

    private sealed class CountingDevice : ShapeDevice
    {
        public long Bytes { get; private set; }

        public override Storage<T> Allocate<T>(int length)
        {
            Bytes += (long)length * Unsafe.SizeOf<T>();
            return base.Allocate<T>(length);
        }
    }
}
