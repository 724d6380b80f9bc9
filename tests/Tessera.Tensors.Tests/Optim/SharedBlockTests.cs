using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Optim;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Optim;

/// <summary>An optimizer and averages whose numbers lie in one block, uploaded once for each update.</summary>
public class SharedBlockTests
{
    private const int Steps = 6;

    public static TheoryData<string> Optimizers => new("Adam", "AdamW", "Muon");

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void The_bits_are_those_of_blocks_of_their_own(string name)
    {
        foreach (Device device in Kernels.All)
        {
            using Model own = new(device), shared = new(device);
            using Optimizer ownOptimizer = Make(name, own, null);
            using var ownAverage = new WeightAverage(own, 0.7);
            for (int step = 1; step <= Steps; step++)
            {
                own.SetGradients(step);
                ownOptimizer.LearningRate = Rate(step);
                ownOptimizer.Step();
                ownAverage.Update();
            }

            using var block = new UpdateBlock(device);
            block.ReserveIntegers(3);
            using Optimizer optimizer = Make(name, shared, block);
            using var average = new WeightAverage(shared, 0.7, block);
            for (int step = 1; step <= Steps; step++)
            {
                shared.SetGradients(step);
                optimizer.LearningRate = Rate(step);
                optimizer.Prepare();
                average.Prepare();
                block.Upload();
                optimizer.Move();
                average.Move();
            }

            Assert.Equal((Steps, Steps), (optimizer.Steps, average.Updates));
            AssertSame(own.State(), shared.State(), device);
            AssertSame(ownOptimizer.State(), optimizer.State(), device);
            AssertSame(ownAverage.State(), average.State(), device);
        }
    }

    /// <summary>So a device can record the moves and replay them.</summary>
    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Only_the_upload_of_the_block_meets_the_host(string name)
    {
        using var device = new CountingDevice();
        using var model = new Model(device);
        using var block = new UpdateBlock(device);
        using Optimizer optimizer = Make(name, model, block);
        using var average = new WeightAverage(model, 0.7, block);
        for (int step = 1; step <= 3; step++)
        {
            model.SetGradients(step);
            (int uploads, int allocations) = (device.Uploads, device.Allocations);
            optimizer.Prepare();
            average.Prepare();
            Assert.Equal(uploads, device.Uploads);
            block.Upload();
            Assert.Equal(uploads + 1, device.Uploads);
            optimizer.Move();
            average.Move();
            Assert.Equal((uploads + 1, 0), (device.Uploads, device.Downloads));
            // The first step of Muon rents the memory of its directions.
            if (step > 1) Assert.Equal(allocations, device.Allocations);
        }
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Moments_and_averages_are_freed_and_the_block_that_is_shared_is_not(string name)
    {
        using var model = new Model(Device.Default);
        using var block = new UpdateBlock(Device.Default);
        Optimizer optimizer = Make(name, model, block);
        var average = new WeightAverage(model, 0.7, block);
        Tensor[] state = [.. optimizer.State().Concat(average.State()).Select(entry => entry.Tensor)];
        Assert.NotEmpty(state);
        optimizer.Prepare();
        average.Prepare();
        optimizer.Dispose();
        average.Dispose();
        Assert.All(state, tensor => Assert.Throws<ObjectDisposedException>(() => tensor.ToArray()));
        block.Upload();
        Assert.All(model.State(), entry => Assert.NotEmpty(entry.Tensor.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void A_block_of_their_own_is_freed_with_them(string name)
    {
        using var model = new Model(Device.Default);
        Optimizer optimizer = Make(name, model, null);
        var average = new WeightAverage(model, 0.7);
        model.SetGradients(1);
        optimizer.Step();
        average.Update();
        optimizer.Dispose();
        average.Dispose();
        Assert.Throws<ObjectDisposedException>(optimizer.Step);
        Assert.Throws<ObjectDisposedException>(average.Update);
    }

    private static float Rate(int step) => 0.02f / step;

    private static Optimizer Make(string name, Module model, UpdateBlock? block) => name switch
    {
        "Adam" => new Adam(model, 0.02f, block: block),
        "AdamW" => new Adam(model, 0.02f, weightDecay: 0.1f, ParameterRoles.Matrix, block),
        _ => new Muon(model, 0.02f, weightDecay: 0.1f, ParameterRoles.All, block),
    };

    private static void AssertSame(
        IEnumerable<(string Name, Tensor Tensor)> expected, IEnumerable<(string Name, Tensor Tensor)> actual,
        Device device)
    {
        foreach (((string name, Tensor one), (_, Tensor two)) in expected.Zip(actual))
        {
            Assert.True(Numbers.SameBits(one.ToArray(), two.ToArray()), $"{device.Description}: {name} differs");
        }
    }

    /// <summary>Two matrices with different larger sides, and a vector.</summary>
    private sealed class Model : Module
    {
        public Model(Device device)
        {
            Add("wide", [16, 40], ParameterRoles.Matrix);
            Add("tall", [70, 16], ParameterRoles.Matrix);
            Add("bias", [33], ParameterRoles.Vector);

            void Add(string name, Shape shape, ParameterRoles role) =>
                Parameter(name, Tensor.From(Numbers.Normal(shape.Length, 7), shape, device), role);
        }

        public void SetGradients(int step)
        {
            foreach ((_, Tensor parameter) in Parameters())
            {
                parameter.ClearGradient();
                parameter.AddGradient(Tensor.From(
                    Numbers.Normal(parameter.Shape.Length, (ulong)step), parameter.Shape, parameter.Device));
            }
        }
    }
}
