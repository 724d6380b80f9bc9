using System.Diagnostics;
using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Training;

namespace Tessera.Benchmarking;

/// <summary>
/// How fast this machine trains a model and uses it, beside the multiply-adds that its processor reaches. All kinds of
/// work take turns, so that a machine whose speed drifts is fair to each.
/// </summary>
public static class ThroughputBenchmark
{
    private const int WarmUpCalls = 2;
    private static readonly TimeSpan PeakDuration = TimeSpan.FromMilliseconds(20);

    /// <summary>Measures for about as long as it is told, after a warm-up.</summary>
    /// <param name="options">
    /// The model, the size of pictures, the batch and the threads; the rest does not matter.
    /// </param>
    /// <param name="duration">How long in all; every kind of work is done once at least.</param>
    /// <param name="progress">Told the share that is done, 0 to 1.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">An option is out of its range.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static Throughput Run(
        TrainingOptions options, TimeSpan duration, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        options.Validate();
        Evaluator.CheckFit(options.Model, Pictures(options, 1), options.Batch);
        using var device = new CpuDevice(options.Threads);
        using var works = new Works(options, Pictures(options, options.Batch), device);
        var peaks = new Peaks(device.Threads);

        for (int call = 0; call < WarmUpCalls; call++) works.RunAll(cancellation);
        works.Forget();
        long start = Stopwatch.GetTimestamp();
        double done;
        do
        {
            peaks.Measure();
            works.RunAll(cancellation);
            done = Stopwatch.GetElapsedTime(start) / duration;
            progress?.Report(Math.Min(done, 1));
        }
        while (done < 1);
        return new Throughput(
            device.Description, device.Threads, options.Batch, options.Size, works.Rates, peaks.Highest,
            Explain(device, works.Cost));
    }

    private static ImageSet Pictures(TrainingOptions options, int count)
    {
        ImageSet pictures = Shapes.Load(Split.Train, options.Size, trainCount: count, testCount: 1);
        return pictures.Channels == options.Model.Channels ? pictures : pictures.ToChannels(options.Model.Channels);
    }

    private static ConvolutionReport[] Explain(CpuDevice device, ModelCost cost) =>
    [
        .. cost.Encoder.Concat(cost.Decoder)
            .GroupBy(layer => (layer.Geometry, layer.IsTransposed))
            .Select(layers => new ConvolutionReport(layers.First(), layers.Count(), device.Explain(layers.Key.Geometry))),
    ];

    /// <summary>The kinds of work, each with the times of its calls.</summary>
    private sealed class Works : IDisposable
    {
        private readonly Workload _gradient, _ema;
        private readonly (string Name, long Operations, Action Call, List<double> Times)[] _works;
        private readonly int _batch;

        public Works(TrainingOptions options, ImageSet pictures, CpuDevice device)
        {
            _batch = options.Batch;
            Cost = new ModelCost(options.Model, _batch, pictures.Height, pictures.Width);
            double variance = pictures.Variance();
            _gradient = new Workload(options.Model with { Quantizer = new VectorQuantizerOptions() }, variance, options.Seed, device);
            _ema = new Workload(options.Model with { Quantizer = new EmaVectorQuantizerOptions() }, variance, options.Seed, device);
            Shape shape = [_batch, pictures.Height, pictures.Width, pictures.Channels];
            float[] pixels = new float[shape.Length], decoded = new float[shape.Length];
            int length = shape.Length / _batch;
            for (int i = 0; i < _batch; i++) PixelValues.FromBytes(pictures.Pixels(i), pixels.AsSpan(i * length, length));
            int[] codes = _ema.Encode(pixels, shape);
            _works =
            [
                ("train, gradient codebook", Cost.TrainingOperations, () => _gradient.Train(pixels, shape), []),
                ("train, EMA codebook", Cost.TrainingOperations, () => _ema.Train(pixels, shape), []),
                ("encode", Cost.EncodeOperations, () => _ema.Encode(pixels, shape), []),
                ("decode", Cost.DecodeOperations, () => _ema.Decode(codes, shape, decoded), []),
            ];
        }

        public ModelCost Cost { get; }

        public IReadOnlyList<WorkRate> Rates =>
            [.. _works.Select(work => new WorkRate(work.Name, _batch, work.Operations, work.Times))];

        public void RunAll(CancellationToken cancellation)
        {
            foreach (var work in _works)
            {
                cancellation.ThrowIfCancellationRequested();
                long start = Stopwatch.GetTimestamp();
                work.Call();
                work.Times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        public void Forget()
        {
            foreach (var work in _works) work.Times.Clear();
        }

        public void Dispose()
        {
            _gradient.Dispose();
            _ema.Dispose();
        }
    }

    private sealed class Peaks(int threads)
    {
        public PeakRate Highest { get; private set; }

        public void Measure() => Highest = new PeakRate(
            FmaPeak.VectorBits,
            Math.Max(Highest.OneThread, FmaPeak.Measure(1, PeakDuration)),
            Math.Max(Highest.AllThreads, FmaPeak.Measure(threads, PeakDuration)));
    }
}
