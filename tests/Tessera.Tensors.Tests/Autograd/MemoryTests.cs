using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Optim;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Autograd;

/// <summary>Runs alone, because it measures the memory of the process.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public class MemoryTests
{
    private const int Steps = 50;

    [Fact]
    public void After_the_first_step_memory_stays_flat()
    {
        using var device = new CountingDevice();
        var model = new Model(new Initializer(1, device));
        // Muon uses Adam too.
        var optimizer = new Muon(model, 1e-3f, weightDecay: 0.01f);
        var average = new WeightAverage(model, 0.99);
        using var tape = new Tape(device);
        using Tensor norm = Tensor.Zeros([], device);
        float[] pixels = Numbers.Normal(8 * 32 * 32 * 3, 1);
        float first = Step(), last = 0;
        int allocations = device.Allocations;
        // The second step warms up the runtime: compiled code, the lists of the pool.
        Step();
        long heap = GC.GetAllocatedBytesForCurrentThread(), process = Environment.WorkingSet;
        for (int step = 0; step < Steps; step++) last = Step();
        heap = GC.GetAllocatedBytesForCurrentThread() - heap;
        process = Environment.WorkingSet - process;

        Assert.Equal(allocations, device.Allocations);
        Assert.True(last < first, $"The loss does not fall: {first}, then {last}.");
        // A step's activations and gradients take over 6 MB: without reuse, 50 steps would take 300 MB.
        Assert.True(heap < Steps * 64_000L, $"A step allocates {heap / Steps} bytes on the managed heap.");
        Assert.True(process < 30_000_000, $"The process grew by {process} bytes in {Steps} steps.");

        float Step()
        {
            tape.Reset();
            model.ClearGradients();
            Tensor x = tape.Input(pixels, [8, 32, 32, 3]);
            Tensor loss = model.Forward(x).MeanSquaredError(x);
            tape.Backward(loss);
            GradientNorm.Clip(model, 0.1f, norm);
            optimizer.Step();
            average.Update();
            average.Swap();
            average.Swap();
            return loss.Item();
        }
    }

    /// <summary>
    /// A step copies its input and the numbers of optimizer and averages to the device, each in one piece, and reads
    /// back the loss alone.
    /// </summary>
    [Fact]
    public void A_step_meets_the_host_four_times()
    {
        using var device = new CountingDevice();
        using var model = new Model(new Initializer(1, device));
        using var optimizer = new Muon(model, 1e-3f, weightDecay: 0.01f);
        using var average = new WeightAverage(model, 0.99);
        using var tape = new Tape(device);
        using Tensor norm = Tensor.Zeros([], device);
        float[] pixels = Numbers.Normal(2 * 8 * 8 * 3, 1);
        for (int step = 0; step < 3; step++)
        {
            (int uploads, long bytes, int downloads) = (device.Uploads, device.UploadedBytes, device.Downloads);
            tape.Reset();
            model.ClearGradients();
            Tensor x = tape.Input(pixels, [2, 8, 8, 3]);
            Tensor loss = model.Forward(x).MeanSquaredError(x);
            tape.Backward(loss);
            GradientNorm.Clip(model, 0.1f, norm);
            optimizer.Step();
            average.Update();
            Assert.Equal((3, 0), (device.Uploads - uploads, device.Downloads - downloads));
            // Beside the pixels, less than twenty numbers.
            Assert.InRange(device.UploadedBytes - bytes - 4 * pixels.Length, 4, 4 * 20);
            loss.Item();
            Assert.Equal(1, device.Downloads - downloads);
        }
    }

    /// <summary>A chain of n results of one size has n gradients, but no more than two at a time.</summary>
    [Fact]
    public void Gradients_of_results_are_given_back_on_the_way()
    {
        const int Links = 20;
        using var device = new CountingDevice();
        using var tape = new Tape(device);
        Tensor x = tape.Variable(new float[1000], [1000]), zeros = tape.Input(new float[1000], [1000]), y = x;
        for (int link = 0; link < Links; link++) y = y.Scale(2);
        Tensor loss = y.MeanSquaredError(zeros);
        int forward = device.Allocations;
        tape.Backward(loss);
        Assert.InRange(device.Allocations - forward, 1, 3);
        Assert.Null(y.Gradient);
        Assert.NotNull(x.Gradient);
    }

    /// <summary>Every operation once, with a skip connection.</summary>
    private sealed class Model : Module
    {
        private readonly Conv2d _down, _same;
        private readonly ConvTranspose2d _up;
        private readonly Tensor _table;

        public Model(Initializer initializer)
        {
            _down = Child("down", new Conv2d(3, 16, 4, initializer, stride: 2, padding: 1));
            _same = Child("same", new Conv2d(16, 16, 3, initializer, padding: 1, bias: false));
            _up = Child("up", new ConvTranspose2d(16, 3, 4, initializer, stride: 2, padding: 1));
            _table = Parameter("table", initializer.Uniform([32, 16], 0.1f), ParameterRoles.Table);
        }

        public Tensor Forward(Tensor x)
        {
            Tensor y = _down.Forward(x).Relu();
            y = y.Add(_same.Forward(y).Scale(0.5f));
            Tensor rows = _table.GatherRows(y.NearestRows(_table));
            return _up.Forward(y.StraightThrough(rows).Add(rows));
        }
    }
}
