using BenchmarkDotNet.Attributes;
using Tessera.Tensors.Devices;

namespace Tessera.Benchmarks.Kernels;

/// <summary>A step of Adam on the weights of a 3x3 convolution of 128 channels.</summary>
public class AdamBenchmark : KernelBenchmark
{
    private const int Length = 128 * 128 * 3 * 3;

    private static readonly AdamStep FirstStep = new(
        Beta1: 0.9f, FirstRest: 0.1f, Beta2: 0.999f, SecondRest: 0.001f, Epsilon: 1e-8f,
        StepSize: 1e-4f / 0.1f, SecondCorrection: MathF.Sqrt(0.001f), ParameterDecay: 1);

    private Storage<float> _parameter = null!, _gradient = null!, _first = null!, _second = null!;

    protected override void Allocate()
    {
        _parameter = Numbers.Store(Device, 0, Length);
        _gradient = Numbers.Store(Device, 1, Length);
        _first = Device.Allocate<float>(Length);
        _second = Device.Allocate<float>(Length);
        Device.Fill(_first, 0);
        Device.Fill(_second, 0);
    }

    [Benchmark]
    public void Adam() => Device.Adam(FirstStep, _parameter, _gradient, _first, _second);
}
