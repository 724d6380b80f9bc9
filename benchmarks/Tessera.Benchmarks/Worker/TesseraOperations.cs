using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Benchmarks.Worker;

/// <summary>Creates the operations of Tessera.</summary>
/// <param name="device">The device.</param>
/// <param name="images">The models' input.</param>
internal sealed class TesseraOperations(CpuDevice device, RawImageFile images)
{
    /// <summary>Creates an operation from its words and the numbers among them.</summary>
    /// <exception cref="ArgumentException">No operation has that name and as many arguments.</exception>
    public Operation Make(string[] words, int[] numbers) => (words, numbers) switch
    {
        (["train", ("gradient" or "ema") and var codebook, ..], [var batch, var size]) =>
            new TrainOperation(device, images, isEma: codebook == "ema", batch, size),
        (["evaluate", ..], [var batch, var size]) => new EvaluateOperation(device, images, batch, size),
        (["encode", ..], [var batch, var size]) => new EncodeOperation(device, images, batch, size),
        (["decode", ..], [var batch, var size]) => new DecodeOperation(device, images, batch, size),
        ([("convolution" or "transposed") and var kind, var pass, ..],
            [var channels, var outChannels, var kernel, var stride, var padding, var size, var batch]) =>
            new ConvolutionOperation(
                new ConvolutionPasses(
                    device, kind == "transposed", batch, size, channels, outChannels, kernel, stride, padding),
                pass),
        (["nearest", ..], [var rows, var codes, var codeDim]) => new NearestOperation(device, rows, codes, codeDim),
        (["prior", ..], [var batch, var width, var layers, var heads]) =>
            new PriorTrainOperation(device, batch, width, layers, heads),
        (["sample", ..], [var count, var width, var layers, var heads]) =>
            new PriorSampleOperation(device, count, width, layers, heads),
        (["peak", ..], [var threads]) => new PeakOperation(threads),
        _ => throw new ArgumentException("unknown operation, or wrong arguments"),
    };
}
