using BenchmarkDotNet.Attributes;

namespace Tessera.Benchmarks.Kernels;

/// <summary>The passes of the reference notebook's convolutions, 32 images.</summary>
public class ConvolutionBenchmark : KernelBenchmark
{
    private const int Batch = 32;

    private ConvolutionPasses _passes = null!;

    /// <summary>Each kind of convolution in the reference notebook's network.</summary>
    [ParamsAllValues]
    public Layer Layer { get; set; }

    protected override void Allocate() => _passes = Layer switch
    {
        Layer.Strided4x4From3 => Make(32, 3, 64, 4, stride: 2, padding: 1),
        Layer.Strided4x4From64 => Make(16, 64, 128, 4, stride: 2, padding: 1),
        Layer.Plain3x3To128 => Make(8, 128, 128, 3, stride: 1, padding: 1),
        Layer.Plain3x3To32 => Make(8, 128, 32, 3, stride: 1, padding: 1),
        Layer.Pointwise => Make(8, 32, 128, 1, stride: 1, padding: 0),
        Layer.Transposed4x4To64 => Make(8, 128, 64, 4, stride: 2, padding: 1, isTransposed: true),
        Layer.Transposed4x4To3 => Make(16, 64, 3, 4, stride: 2, padding: 1, isTransposed: true),
        _ => throw new InvalidOperationException($"unknown layer {Layer}"),
    };

    [Benchmark]
    public void Forward() => _passes.Forward();

    [Benchmark]
    public void InputGradient() => _passes.InputGradient();

    [Benchmark]
    public void WeightGradient() => _passes.WeightGradient();

    private ConvolutionPasses Make(
        int size, int channels, int outChannels, int kernel, int stride, int padding, bool isTransposed = false) =>
        new(Device, isTransposed, Batch, size, channels, outChannels, kernel, stride, padding);
}

/// <summary>The kinds of convolution in the reference notebook's network.</summary>
public enum Layer
{
    Strided4x4From3,
    Strided4x4From64,
    Plain3x3To128,
    Plain3x3To32,
    Pointwise,
    Transposed4x4To64,
    Transposed4x4To3,
}
