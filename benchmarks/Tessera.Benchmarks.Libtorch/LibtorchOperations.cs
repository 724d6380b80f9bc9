using Tessera.Benchmarks.Worker;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>Creates the operations of libtorch.</summary>
/// <param name="images">The models' input.</param>
/// <param name="layout">The memory layout of images and weights.</param>
internal sealed class LibtorchOperations(RawImageFile images, MemoryLayout layout)
{
    /// <summary>Creates an operation from its words and the numbers among them.</summary>
    /// <exception cref="ArgumentException">No operation has that name and as many arguments.</exception>
    public Operation Make(string[] words, int[] numbers) => (words, numbers) switch
    {
        (["train", ("gradient" or "ema") and var codebook, ..], [var batch, var size]) =>
            new TrainOperation(images, layout, isEma: codebook == "ema", batch, size),
        (["evaluate", ..], [var batch, var size]) => new EvaluateOperation(images, layout, batch, size),
        (["encode", ..], [var batch, var size]) => new EncodeOperation(images, layout, batch, size),
        (["decode", ..], [var batch, var size]) => new DecodeOperation(layout, batch, size),
        ([("convolution" or "transposed") and var kind, var pass, ..], [_, _, _, _, _, _, _]) =>
            new ConvolutionOperation(layout, kind == "transposed", pass, ConvolutionSizes.Of(numbers)),
        (["nearest", ..], [var rows, var codes, var codeDim]) => new NearestOperation(rows, codes, codeDim),
        (["prior", ..], [var batch, var width, var layers, var heads]) =>
            new PriorTrainOperation(batch, width, layers, heads),
        (["sample", ..], [var count, var width, var layers, var heads]) =>
            new PriorSampleOperation(count, width, layers, heads),
        _ => throw new ArgumentException("unknown operation, or wrong arguments"),
    };
}
