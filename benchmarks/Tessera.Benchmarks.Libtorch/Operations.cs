using Tessera.Benchmarks.Worker;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>The operations by name and arguments; each is created on first use.</summary>
internal sealed class Operations(PictureFile pictures, MemoryLayout layout)
{
    private readonly Dictionary<string, Operation> _made = [];

    /// <summary>Finds an operation.</summary>
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
                new TrainOperation(pictures, layout, isEma: codebook == "ema", batch, size),
            (["evaluate", ..], [var batch, var size]) => new EvaluateOperation(pictures, layout, batch, size),
            (["encode", ..], [var batch, var size]) => new EncodeOperation(pictures, layout, batch, size),
            (["decode", ..], [var batch, var size]) => new DecodeOperation(layout, batch, size),
            ([("convolution" or "transposed") and var kind, var pass, ..], [_, _, _, _, _, _, _]) =>
                new ConvolutionOperation(layout, kind == "transposed", pass, ConvolutionSizes.Of(numbers)),
            (["nearest", ..], [var rows, var codes, var codeDim]) => new NearestOperation(rows, codes, codeDim),
            _ => throw new ArgumentException("unknown operation, or wrong arguments"),
        };
    }
}
