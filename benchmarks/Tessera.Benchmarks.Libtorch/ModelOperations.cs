using Tessera.Benchmarks.Worker;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>A training step on the next batch; its check is the loss.</summary>
internal sealed class TrainOperation(RawImageFile images, MemoryLayout layout, bool isEma, int batch, int size)
    : Operation
{
    private readonly ReferenceModel _model = new(layout, isEma);
    private Adam? _optimizer;
    private Tensor? _images;
    private float _loss;
    private int _steps;

    public override void Prepare()
    {
        _images?.Dispose();
        using DisposeScope scope = NewDisposeScope();
        _images = images.Batch(_steps++, batch, size).DetachFromDisposeScope();
        _optimizer ??= optim.Adam(_model.Trained, lr: 1e-4);
    }

    public override void Run()
    {
        // Without a scope, tensors live until the garbage collector frees them.
        using DisposeScope scope = NewDisposeScope();
        // Null gradients in place of zeros: libtorch 2's default, and its fastest way.
        foreach (Parameter parameter in _model.Trained) parameter.grad = null;
        Tensor loss = _model.Loss(_images!, images.Variance, training: true);
        loss.backward();
        _optimizer!.step();
        _loss = loss.item<float>();
    }

    public override double Check() => _loss;
}

/// <summary>The whole model forward; its check is the loss.</summary>
internal sealed class EvaluateOperation(RawImageFile images, MemoryLayout layout, int batch, int size) : Operation
{
    private readonly ReferenceModel _model = new(layout, isEma: false);
    private readonly Tensor _images = images.Batch(0, batch, size);
    private float _loss;

    public override void Run()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable inference = inference_mode();
        _loss = _model.Loss(_images, images.Variance, training: false).item<float>();
    }

    public override double Check() => _loss;
}

/// <summary>An operation without gradients; its check is computed from its result.</summary>
internal abstract class TensorOperation : Operation
{
    private Tensor? _result;

    public sealed override void Run()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable inference = inference_mode();
        Tensor result = Compute().DetachFromDisposeScope();
        _result?.Dispose();
        _result = result;
    }

    public sealed override double Check()
    {
        using DisposeScope scope = NewDisposeScope();
        return Number(_result!.to(ScalarType.Float64)).item<double>();
    }

    protected abstract Tensor Compute();

    protected abstract Tensor Number(Tensor result);
}

/// <summary>Images to codes; its check is the mean code.</summary>
internal sealed class EncodeOperation(RawImageFile images, MemoryLayout layout, int batch, int size) : TensorOperation
{
    private readonly ReferenceModel _model = new(layout, isEma: false);
    private readonly Tensor _images = images.Batch(0, batch, size);

    protected override Tensor Compute()
    {
        Tensor flat = _model.ToLatents(_images).permute(0, 2, 3, 1).contiguous().view(-1, ReferenceQuantizer.CodeDim);
        return ReferenceQuantizer.Nearest(flat, _model.Quantizer.Table);
    }

    protected override Tensor Number(Tensor result) => result.mean();
}

/// <summary>Codes to images; its check is the root mean square of the pixels.</summary>
internal sealed class DecodeOperation(MemoryLayout layout, int batch, int size) : TensorOperation
{
    // The code step is a prime, so that neighbours get distant codes.
    private const int PixelsPerCode = 4, CodeStep = 7919;

    private readonly ReferenceModel _model = new(layout, isEma: false);
    private readonly int _side = size / PixelsPerCode;
    private readonly Tensor _codes =
        (arange(batch * (size / PixelsPerCode) * (long)(size / PixelsPerCode)) * CodeStep)
            .remainder(ReferenceQuantizer.Codes);

    protected override Tensor Compute() => _model.Decode(_model.Quantizer.Lookup(_codes, batch, _side));

    protected override Tensor Number(Tensor result) => result.square().mean().sqrt();
}
