using Tessera.Imaging;

namespace Tessera.Cli.Benchmarking;

/// <summary>The results of <see cref="ThroughputBenchmark"/>.</summary>
/// <param name="Device">A description of the device and its kernels.</param>
/// <param name="Threads">The number of processor threads.</param>
/// <param name="Batch">Images per batch.</param>
/// <param name="Size">Height and width of an image in pixels.</param>
/// <param name="Rates">The times of each kind of work.</param>
/// <param name="Peak">The peak rate of fused multiply-adds of the processor.</param>
/// <param name="Convolutions">The algorithm of each of the model's convolutions.</param>
internal sealed record Throughput(
    string Device, int Threads, int Batch, ImageSize Size, IReadOnlyList<WorkRate> Rates, PeakRate Peak,
    IReadOnlyList<ConvolutionReport> Convolutions);

/// <summary>The times of one kind of work.</summary>
/// <param name="Name">Such as "train, gradient codebook", "train, EMA codebook", "encode" or "decode".</param>
/// <param name="Images">Images per call.</param>
/// <param name="Operations">
/// Floating-point operations of a call, counted as for direct convolution (<see cref="ModelCost"/>).
/// </param>
/// <param name="Milliseconds">The time of each call; at least one.</param>
internal sealed record WorkRate(string Name, int Images, long Operations, IReadOnlyList<double> Milliseconds)
{
    /// <summary>The median time of a call in milliseconds.</summary>
    public double Median
    {
        get
        {
            double[] sorted = [.. Milliseconds.Order()];
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }

    /// <summary>The shortest time of a call in milliseconds.</summary>
    public double Minimum => Milliseconds.Min();

    /// <summary>Images per second at the median time.</summary>
    public double ImagesPerSecond => Images / Median * 1e3;

    /// <summary>GFLOP/s at the median time, with the operations of direct convolution.</summary>
    public double Gflops => Operations / Median / 1e6;
}

/// <summary>The highest measured rate of fused multiply-adds, in GFLOP/s.</summary>
/// <param name="VectorBits">The width of the processor's vectors in bits.</param>
/// <param name="OneThread">The rate with one thread.</param>
/// <param name="AllThreads">The rate with all threads of the benchmark.</param>
internal readonly record struct PeakRate(int VectorBits, double OneThread, double AllThreads);

/// <summary>The algorithm for the layers of a model that have the same sizes.</summary>
/// <param name="Layer">The first of these layers.</param>
/// <param name="Count">The number of these layers.</param>
/// <param name="Explanation">The algorithm and the reason for its choice.</param>
internal sealed record ConvolutionReport(ConvolutionLayer Layer, int Count, string Explanation);
