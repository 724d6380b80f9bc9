using Tessera.Cli.Benchmarking;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Training;

namespace Tessera.Cli.Tests.Benchmarking;

public class ThroughputBenchmarkTests
{
    private static readonly TrainingOptions Small = new()
    {
        Model = new VqVaeOptions { Hidden = 10, ResidualHidden = 3, ResidualLayers = 1, Codes = 20, CodeDim = 5 },
        Size = 16,
        Batch = 6,
        Seed = 7,
        Threads = 2,
    };

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly string[] Works = ["train, gradient codebook", "train, EMA codebook", "encode", "decode"];

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    public void Every_kind_of_work_is_measured(int channels)
    {
        TrainingOptions options = Small with { Model = Small.Model with { Channels = channels } };
        var reports = new List<double>();
        Throughput throughput = ThroughputBenchmark.Run(
            options, Moment, new Shares(reports.Add), TestContext.Current.CancellationToken);
        Assert.Equal(Works, throughput.Rates.Select(rate => rate.Name));
        Assert.All(throughput.Rates, rate => Assert.True(
            rate.ImagesPerSecond > 0 && double.IsFinite(rate.ImagesPerSecond) && rate.Gflops > 0, $"{rate}"));
        Assert.True(throughput.Peak is { OneThread: > 0, AllThreads: > 0 }, $"{throughput.Peak}");
        Assert.StartsWith("cpu, 2 threads", throughput.Device, StringComparison.Ordinal);
        Assert.Equal(1, reports[^1]);
    }

    [Fact]
    public void Every_convolution_is_explained()
    {
        Throughput throughput = ThroughputBenchmark.Run(
            Small, Moment, cancellation: TestContext.Current.CancellationToken);
        // Three in the encoder, one before the codes, three in the decoder, two in each of two residual blocks.
        Assert.Equal(3 + 1 + 3 + 4, throughput.Convolutions.Sum(report => report.Count));
        Assert.All(throughput.Convolutions, report => Assert.NotEmpty(report.Explanation));
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Contains("Batch", Refuse(Small with { Batch = 0 }), StringComparison.Ordinal);
        TrainingOptions odd = Small with { Model = new VqVaeOptions { Hidden = 7 } };
        Assert.Contains("Hidden", Refuse(odd), StringComparison.Ordinal);
        Assert.Contains("2^31", Refuse(Small with { Batch = 65536, Size = 256 }), StringComparison.Ordinal);
    }

    [Fact]
    public void The_benchmark_can_be_cancelled()
    {
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => ThroughputBenchmark.Run(
            Small, TimeSpan.FromDays(1), new Shares(_ => stop.Cancel()), stop.Token));
    }

    [Theory]
    [InlineData(new[] { 5.0 }, 5)]
    [InlineData(new[] { 4.0, 1, 2 }, 2)]
    [InlineData(new[] { 4.0, 1, 2, 9 }, 3)]
    public void Rates_are_those_of_the_median_time(double[] milliseconds, double median)
    {
        var rate = new WorkRate("train", Images: 6, Operations: 30_000_000, milliseconds);
        Assert.Equal(median, rate.Median);
        Assert.Equal(milliseconds.Min(), rate.Minimum);
        Assert.Equal(6000 / median, rate.ImagesPerSecond);
        Assert.Equal(30 / median, rate.Gflops);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.9)]
    public void A_workload_computes_what_the_model_computes(double decay)
    {
        const ulong Seed = 3;
        VqVaeOptions options = Small.Model with
        {
            Quantizer = decay == 0
                ? new VectorQuantizerOptions()
                : new EmaVectorQuantizerOptions { Decay = decay },
        };
        Shape shape = [2, 8, 8, 3];
        float[] pixels = [.. Enumerable.Range(0, shape.Length).Select(i => MathF.Sin(i) / 2)];
        using var workload = new Workload(options, dataVariance: 0.1, Seed, Device.Default);
        var model = new VqVae(options, Seed);

        int[] codes = workload.Encode(pixels, shape);
        using Indices expected = model.Encode(Tensor.From(pixels, shape));
        Assert.Equal(expected.ToArray(), codes);
        float[] decoded = new float[pixels.Length];
        workload.Decode(codes, shape, decoded);
        Assert.Equal(model.Decode(expected).ToArray(), decoded);

        float first = TrainingLoss.Of(model, Tensor.From(pixels, shape), 0.1).Total.Item();
        Assert.Equal(first, workload.Evaluate(pixels, shape));
        Assert.Equal(first, workload.Train(pixels, shape));
        Assert.NotEqual(first, workload.Evaluate(pixels, shape));
    }

    private static string Refuse(TrainingOptions options) => Assert.Throws<InputException>(
        () => ThroughputBenchmark.Run(options, Moment, cancellation: TestContext.Current.CancellationToken)).Message;

    private sealed class Shares(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
