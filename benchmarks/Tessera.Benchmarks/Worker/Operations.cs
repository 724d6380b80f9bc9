using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Benchmarks.Worker;

/// <summary>The operations by name and arguments; each is created on first use.</summary>
/// <param name="device">The device.</param>
/// <param name="pictures">The models' input.</param>
internal sealed class Operations(CpuDevice device, PictureFile pictures)
{
    private readonly Dictionary<string, Operation> _made = [];

    /// <summary>Finds an operation.</summary>
    /// <param name="words">Its name and arguments.</param>
    /// <exception cref="ArgumentException">No operation has that name and as many arguments.</exception>
    public Operation Find(string[] words)
    {
        string name = string.Join(' ', words);
        if (!_made.TryGetValue(name, out Operation? operation)) _made[name] = operation = Make(words);
        return operation;
    }

    private Operation Make(string[] words)
    {
        int[] numbers = [.. words.Skip(1).Where(word => char.IsAsciiDigit(word[0])).Select(WorkerLoop.Whole)];
        return (words, numbers) switch
        {
            (["train", ("gradient" or "ema") and var codebook, ..], [var batch, var size]) =>
                new TrainOperation(device, pictures, isEma: codebook == "ema", batch, size),
            (["evaluate", ..], [var batch, var size]) => new EvaluateOperation(device, pictures, batch, size),
            (["encode", ..], [var batch, var size]) => new EncodeOperation(device, pictures, batch, size),
            (["decode", ..], [var batch, var size]) => new DecodeOperation(device, pictures, batch, size),
            ([("convolution" or "transposed") and var kind, var pass, ..],
                [var channels, var outChannels, var kernel, var stride, var padding, var size, var batch]) =>
                new ConvolutionOperation(
                    new ConvolutionPasses(
                        device, kind == "transposed", batch, size, channels, outChannels, kernel, stride, padding),
                    pass),
            (["nearest", ..], [var rows, var codes, var codeDim]) => new NearestOperation(device, rows, codes, codeDim),
            (["peak", ..], [var threads]) => new PeakOperation(threads),
            _ => throw new ArgumentException("unknown operation, or wrong arguments"),
        };
    }
}
