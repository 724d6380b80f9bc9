using Tessera.Benchmarks.Worker;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>The search for the nearest codes; its check is the mean code.</summary>
internal sealed class NearestOperation(int rows, int codes, int codeDim) : TensorOperation
{
    private readonly Tensor _flat = tensor(Numbers.Make(0, rows * codeDim), rows, codeDim);
    private readonly Tensor _table = tensor(Numbers.Make(1, codes * codeDim), codes, codeDim);

    protected override Tensor Compute() => ReferenceQuantizer.Nearest(_flat, _table);

    protected override Tensor Number(Tensor result) => result.mean();
}

/// <summary>A convolution's sizes, in the order of the line that names them.</summary>
internal readonly record struct ConvolutionSizes(
    int Channels, int OutChannels, int Kernel, int Stride, int Padding, int Size, int Batch)
{
    public static ConvolutionSizes Of(int[] numbers) =>
        new(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]);

    public int OutSize(bool isTransposed) => isTransposed
        ? (Size - 1) * Stride - 2 * Padding + Kernel
        : (Size + 2 * Padding - Kernel) / Stride + 1;
}

/// <summary>
/// A pass of one convolution; its check is the root mean square of its result. TorchSharp has no separate
/// backward pass, so this runs a graph's backward pass in which only the wanted tensor has a gradient.
/// </summary>
internal sealed class ConvolutionOperation : Operation
{
    private readonly Tensor _x, _weight, _gradOutput;
    private readonly Func<Tensor, Tensor, Tensor?, Tensor> _convolve;
    private readonly Tensor? _wanted, _output;
    private readonly Tensor _bias;
    private Tensor? _result;

    public ConvolutionOperation(MemoryLayout layout, bool isTransposed, string pass, ConvolutionSizes sizes)
    {
        (int channels, int outChannels, int kernel, int stride, int padding, int size, int batch) = sizes;
        int outSize = sizes.OutSize(isTransposed);
        (int first, int second) = isTransposed ? (channels, outChannels) : (outChannels, channels);
        _x = Image(0, size, channels);
        _weight = layout.Apply(Make(1, first, second, kernel, kernel));
        _bias = Make(2, outChannels);
        _gradOutput = Image(3, outSize, outChannels);
        long[] strides = [stride, stride], paddings = [padding, padding];
        _convolve = isTransposed
            ? (x, weight, bias) => functional.conv_transpose2d(x, weight, bias, strides, paddings)
            : (x, weight, bias) => functional.conv2d(x, weight, bias, strides, paddings);
        _wanted = pass switch
        {
            "forward" => null,
            "input_gradient" => _x.requires_grad_(),
            "weight_gradient" => _weight.requires_grad_(),
            _ => throw new ArgumentException($"unknown pass {pass} of a convolution"),
        };
        _output = _wanted is null ? null : _convolve(_x, _weight, null);

        Tensor Image(ulong stream, int side, int depth) => layout.FromNhwc(Make(stream, batch, side, side, depth));
    }

    public override void Run()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor result = Compute().DetachFromDisposeScope();
        _result?.Dispose();
        _result = result;
    }

    public override double Check()
    {
        using DisposeScope scope = NewDisposeScope();
        return _result!.to(ScalarType.Float64).square().mean().sqrt().item<double>();
    }

    private Tensor Compute()
    {
        if (_wanted is not null)
            return autograd.grad([_output!], [_wanted], [_gradOutput], retain_graph: true)[0];
        using IDisposable inference = inference_mode();
        return _convolve(_x, _weight, _bias);
    }

    private static Tensor Make(ulong stream, params long[] shape) =>
        tensor(Numbers.Make(stream, (int)shape.Aggregate((product, size) => product * size)), shape);
}
