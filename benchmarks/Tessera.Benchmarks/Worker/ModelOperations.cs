using Tessera.Cli.Benchmarking;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Benchmarks.Worker;

/// <summary>An operation of the reference notebook's model on batches of images.</summary>
internal abstract class ModelOperation : Operation
{
    private const ulong Seed = 1;

    private readonly RawImageFile _images;
    private readonly int _batch, _size;

    protected ModelOperation(CpuDevice device, RawImageFile images, bool isEma, int batch, int size)
    {
        _images = images;
        _batch = batch;
        _size = size;
        QuantizerOptions quantizer = isEma ? new EmaVectorQuantizerOptions() : new VectorQuantizerOptions();
        Model = new Workload(new VqVaeOptions { Quantizer = quantizer }, images.Variance, Seed, device);
        Shape = RawImageFile.ShapeOf(batch, size);
        Pixels = new float[Shape.Length];
        ShowBatch(0);
    }

    protected Workload Model { get; }

    protected Shape Shape { get; }

    protected float[] Pixels { get; }

    protected void ShowBatch(int index) => _images.Fill(index, _batch, _size, Pixels);
}

/// <summary>A training step on the next batch; its check is the loss.</summary>
internal sealed class TrainOperation(CpuDevice device, RawImageFile images, bool isEma, int batch, int size)
    : ModelOperation(device, images, isEma, batch, size)
{
    private int _steps;
    private float _loss;

    public override void Prepare() => ShowBatch(_steps++);

    public override void Run() => _loss = Model.Train(Pixels, Shape);

    public override double Check() => _loss;
}

/// <summary>The whole model forward; its check is the loss.</summary>
internal sealed class EvaluateOperation(CpuDevice device, RawImageFile images, int batch, int size)
    : ModelOperation(device, images, isEma: false, batch, size)
{
    private float _loss;

    public override void Run() => _loss = Model.Evaluate(Pixels, Shape);

    public override double Check() => _loss;
}

/// <summary>Images to codes; its check is the mean code.</summary>
internal sealed class EncodeOperation(CpuDevice device, RawImageFile images, int batch, int size)
    : ModelOperation(device, images, isEma: false, batch, size)
{
    private int[] _codes = [];

    public override void Run() => _codes = Model.Encode(Pixels, Shape);

    public override double Check() => _codes.Average();
}

/// <summary>Codes to images; its check is the root mean square of the pixels.</summary>
internal sealed class DecodeOperation : ModelOperation
{
    // A prime, so that neighbours get distant codes.
    private const int CodeStep = 7919;

    private readonly int[] _codes;

    public DecodeOperation(CpuDevice device, RawImageFile images, int batch, int size)
        : base(device, images, isEma: false, batch, size)
    {
        int perSide = size / new VqVaeOptions().PixelsPerCode, codes = new VqVaeOptions().Codes;
        _codes = [.. Enumerable.Range(0, batch * perSide * perSide).Select(i => (int)((long)i * CodeStep % codes))];
    }

    public override void Run() => Model.Decode(_codes, Shape, Pixels);

    public override double Check() => Numbers.RootMeanSquare(Pixels);
}
