using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tests.Priors;
using Tessera.Tests.Training;
using Tessera.Training;

namespace Tessera.Tests.Runs;

/// <summary>What is said where a device's memory is too small for a batch.</summary>
public sealed class UpdateMemoryTests : IDisposable
{
    private const int Batch = 64;

    private static readonly TrainingOptions Options = SmallRun.Options with
    {
        Batch = Batch,
        Budget = TrainingBudget.OfUpdates(2),
        Optimizer = OptimizerKind.Muon,
        AverageDecay = 0.9,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The processor needs nothing beside what is counted.</summary>
    [Fact]
    public void An_update_allocates_what_was_counted()
    {
        using var device = new LimitedDevice(long.MaxValue);
        using TokenizerLearner learner = Learner(device, Batch);
        using var trainer = new Trainer(learner);
        long? counted = UpdateMemory.BytesOf(learner, Batch);
        long used = 0;
        trainer.Run(
            Reports.OfUpdates(_ => used = device.Bytes), TestContext.Current.CancellationToken);
        Assert.InRange(used, counted!.Value, 1.05 * counted.Value);
    }

    [Fact]
    public void The_batch_that_is_proposed_fits_and_a_larger_one_does_not()
    {
        long needed = Needed(), limit = needed * 6 / 10;
        var error = Assert.Throws<InputException>(() => Train(limit, Batch));
        Assert.Equal("Batch", error.Option);
        Match says = Regex.Match(
            error.Message, @"^Batch 64 needs about ([\d.]+) MiB; cpu, .* has [\d.]+ MiB; a batch of (\d+) would fit$");
        Assert.True(says.Success, error.Message);
        Assert.Equal(needed / 1048576.0, double.Parse(says.Groups[1].Value, CultureInfo.InvariantCulture), 0.06);
        int fits = int.Parse(says.Groups[2].Value, CultureInfo.InvariantCulture);
        Assert.InRange(fits, 2, Batch - 1);
        Train(limit, fits);
        // A tenth is kept for others.
        Assert.Throws<InputException>(() => Train(limit, (int)(1.25 * fits) + 1));
    }

    [Fact]
    public void A_model_for_which_no_batch_fits_is_named_as_such()
    {
        using var device = new LimitedDevice(long.MaxValue) { Shown = 1 << 16 };
        using TokenizerLearner learner = Learner(device, 1);
        Assert.EndsWith(
            "a batch of 1 would not fit either; choose smaller images or a smaller model",
            UpdateMemory.Explain(learner, new InsufficientMemoryException())!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_does_not_know_its_memory_and_the_prior_are_served_too()
    {
        using TokenizerLearner learner = Learner(new CpuDevice(1), Batch);
        Assert.Null(UpdateMemory.Explain(learner, new InsufficientMemoryException()));
        using PriorLearner prior = SmallPriorRun.Learner(PriorRun.Create(_folder["prior"], SmallPriorRun.Options));
        long?[] bytes = [.. ((int[])[8, 16, 24]).Select(batch => UpdateMemory.BytesOf(prior, batch))];
        Assert.True(bytes[0] > 0);
        Assert.Equal(bytes[1] - bytes[0], bytes[2] - bytes[1]);
    }

    private long Needed()
    {
        using TokenizerLearner learner = Learner(new CpuDevice(1), Batch);
        return UpdateMemory.BytesOf(learner, Batch)!.Value;
    }

    private TokenizerLearner Learner(Device device, int batch) => new(
        TokenizerRun.Create(_folder[$"run-{Guid.NewGuid()}"], Options with { Batch = batch }), SmallRun.Train,
        SmallRun.Test, device);

    private void Train(long limit, int batch)
    {
        using var device = new LimitedDevice(limit);
        using TokenizerLearner learner = Learner(device, batch);
        using var trainer = new Trainer(learner);
        trainer.Run(
            Reports.OfUpdates(_ => device.IsUnlimited = true), TestContext.Current.CancellationToken);
    }

    /// <summary>A device with little memory; what is freed does not come back.</summary>
    private sealed class LimitedDevice(long limit) : DelegatingDevice(new CpuDevice(1))
    {
        public long Bytes { get; private set; }

        public long? Shown { get; init; }

        public bool IsUnlimited { get; set; }

        public override long? Memory => Shown ?? limit;

        public override Storage<T> Allocate<T>(int length)
        {
            Bytes += (long)length * Unsafe.SizeOf<T>();
            return Bytes <= limit || IsUnlimited
                ? base.Allocate<T>(length)
                : throw new InsufficientMemoryException("used up");
        }

        public override Storage<T> Share<T>(Memory<T> values)
        {
            Bytes += (long)values.Length * Unsafe.SizeOf<T>();
            return base.Share(values);
        }
    }
}
