using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Benchmarks.Worker;

/// <summary>A pass of one convolution; its check is the root mean square of its result.</summary>
internal sealed class ConvolutionOperation(ConvolutionPasses passes, string pass) : Operation
{
    private readonly (Action Run, Func<Storage<float>> Result) _pass = pass switch
    {
        "forward" => (passes.Forward, () => passes.Output),
        "input_gradient" => (passes.InputGradient, () => passes.GradInput),
        "weight_gradient" => (passes.WeightGradient, () => passes.GradWeight),
        _ => throw new ArgumentException($"unknown pass {pass} of a convolution"),
    };

    public override void Run() => _pass.Run();

    public override double Check() => passes.RootMeanSquare(_pass.Result());
}

/// <summary>The search for the nearest codes; its check is the mean code.</summary>
internal sealed class NearestOperation(Device device, int rows, int codes, int codeDim) : Operation
{
    private readonly Storage<float> _x = Numbers.Store(device, 0, rows * codeDim);
    private readonly Storage<float> _table = Numbers.Store(device, 1, codes * codeDim);
    private readonly Storage<int> _nearest = device.Allocate<int>(rows);

    public override void Run() => device.NearestRows(_x, _table, codes, codeDim, _nearest);

    public override double Check()
    {
        int[] nearest = new int[rows];
        device.Download(_nearest, nearest);
        return nearest.Average();
    }
}

/// <summary>The processor's multiply-adds; its check is GFLOP/s.</summary>
internal sealed class PeakOperation(int threads) : Operation
{
    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(50);

    private double _gflops;

    public override void Run() => _gflops = FmaPeak.Measure(threads, Duration);

    public override double Check() => _gflops;
}
