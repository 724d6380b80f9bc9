using System.Diagnostics;
using Tessera.Data;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Training;

namespace Tessera.Cli.Benchmarking;

/// <summary>
/// Measures how fast this machine trains, encodes and decodes, and the peak rate of multiply-adds of its processor. The
/// kinds of work are measured in turns, so that a drift of the machine's speed affects all of them alike.
/// </summary>
internal static class ThroughputBenchmark
{
    private const int WarmUpCalls = 2;
    private static readonly TimeSpan PeakDuration = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs the benchmark.</summary>
    /// <param name="options">
    /// The model without its quantizer, the size of the images, the batch, the device, the threads and the seed; the
    /// other options are ignored.
    /// </param>
    /// <param name="duration">
    /// The approximate time after the warm-up; every kind of work is measured at least once.
    /// </param>
    /// <param name="progress">Receives the part that is done, 0 to 1.</param>
    /// <param name="cancellation">Cancels the benchmark.</param>
    /// <exception cref="InputException">An option is out of range, or there is no such device.</exception>
    /// <exception cref="OperationCanceledException">The benchmark was cancelled.</exception>
    public static Throughput Run(
        TrainingOptions options, TimeSpan duration, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        options.Validate();
        Evaluator.CheckFit(options.Model, Images(options, 1), options.Batch);
        using Device device = options.CreateDevice();
        using var works = new Works(options, Images(options, options.Batch), device);
        var peaks = new Peaks(Math.Max(device.Threads, 1));

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

    private static ImageSet Images(TrainingOptions options, int count)
    {
        ImageSet images = SyntheticShapes.Load(Split.Train, options.Size, trainCount: count, testCount: 1);
        return images.Channels == options.Model.Channels ? images : images.ToChannels(options.Model.Channels);
    }

    private static ConvolutionReport[] Explain(Device device, ModelCost cost) =>
    [
        .. cost.Encoder.Concat(cost.Decoder)
            .GroupBy(layer => (layer.Geometry, layer.IsTransposed))
            .Select(layers =>
                new ConvolutionReport(
                    layers.First(), layers.Count(), device.Explain(layers.Key.Geometry) ?? "unknown")),
    ];

    /// <summary>The kinds of work with the times of their calls.</summary>
    private sealed class Works : IDisposable
    {
        private readonly Workload _gradient, _ema;
        private readonly (string Name, long Operations, Action Call, List<double> Times)[] _works;
        private readonly int _batch;

        public Works(TrainingOptions options, ImageSet images, Device device)
        {
            _batch = options.Batch;
            Cost = new ModelCost(options.Model, _batch, images.Height, images.Width);
            double variance = images.Variance();
            _gradient = new Workload(
                options.Model with { Quantizer = new VectorQuantizerOptions() }, variance, options.Seed, device);
            _ema = new Workload(
                options.Model with { Quantizer = new EmaVectorQuantizerOptions() }, variance, options.Seed, device);
            Shape shape = [_batch, images.Height, images.Width, images.Channels];
            float[] pixels = new float[shape.Length], decoded = new float[shape.Length];
            int length = shape.Length / _batch;
            for (int i = 0; i < _batch; i++)
                PixelValues.FromBytes(images.Pixels(i), pixels.AsSpan(i * length, length));
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
