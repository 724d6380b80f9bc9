using Tessera.Imaging;
using Tessera.Models;

namespace Tessera.Benchmarking;

/// <summary>What <see cref="ThroughputBenchmark"/> measured on this machine.</summary>
/// <param name="Device">The device and its kernels, for people.</param>
/// <param name="Threads">Threads that shared the work.</param>
/// <param name="Batch">Pictures in a batch.</param>
/// <param name="Size">Height and width of a picture in pixels.</param>
/// <param name="Rates">How long each kind of work took.</param>
/// <param name="Peak">The fused multiply-adds that the processor reaches.</param>
/// <param name="Convolutions">What computes the model's convolutions.</param>
public sealed record Throughput(
    string Device, int Threads, int Batch, PictureSize Size, IReadOnlyList<WorkRate> Rates, PeakRate Peak,
    IReadOnlyList<ConvolutionReport> Convolutions);

/// <summary>How long one kind of work took.</summary>
/// <param name="Name">train (gradient codebook), train (EMA codebook), encode, decode.</param>
/// <param name="Images">Pictures in a call.</param>
/// <param name="Operations">Direct-equivalent floating-point operations of a call, <see cref="ModelCost"/>.</param>
/// <param name="Milliseconds">What each call took, at least one.</param>
public sealed record WorkRate(string Name, int Images, long Operations, IReadOnlyList<double> Milliseconds)
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

    /// <summary>Pictures per second at the median time.</summary>
    public double ImagesPerSecond => Images / Median * 1e3;

    /// <summary>Direct-equivalent GFLOP/s at the median time.</summary>
    public double Gflops => Operations / Median / 1e6;
}

/// <summary>The most fused multiply-adds that were seen, in GFLOP/s.</summary>
/// <param name="VectorBits">Bits in the widest vectors that the processor has.</param>
/// <param name="OneThread">With one thread.</param>
/// <param name="AllThreads">With as many threads as worked.</param>
public readonly record struct PeakRate(int VectorBits, double OneThread, double AllThreads);

/// <summary>What computes the layers of a model that have the same sizes.</summary>
/// <param name="Layer">The first of them.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Explanation">The algorithm and why it was picked.</param>
public sealed record ConvolutionReport(ConvolutionLayer Layer, int Count, string Explanation);
