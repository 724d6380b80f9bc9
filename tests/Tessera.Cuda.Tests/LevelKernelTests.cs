using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

/// <summary>The kernels of levels, softmax, entropies and columns.</summary>
public class LevelKernelTests
{
    private const double Exact = 0;

    [Fact]
    public void Columns_are_bounded_rounded_and_looked_up()
    {
        const int Rows = 37, Columns = 3, Codes = 7 * 4 * 2;
        float[] x = [.. Numbers.Normal(Rows * Columns, 1).Select(value => 2 * value)];
        float[] bounds = Numbers.Normal(3 * Columns, 2), upstream = Numbers.Normal(x.Length, 3);
        // Numbers of levels, steps, origins.
        float[] grid = [7, 4, 2, 3, 2, 0.5f, 3, 2, 0.5f];
        Simulation.AssertAgree(
            "RoundToLevels", Exact,
            (bench, to) => bench.Device.RoundToLevels(
                bench.Store(x), new LevelGrid(bench.Store(grid)), to[0], bench.Store(new int[Rows])),
            new float[x.Length]);
        int[] codes = Numbers.Indices(Rows, Codes, 4);
        Simulation.AssertAgree(
            "LookUpLevels", Exact,
            (bench, to) => bench.Device.LookUpLevels(bench.Store(codes), new LevelGrid(bench.Store(grid)), to[0]),
            new float[x.Length]);
        Assert.Equal(Round(Simulation.Reference), Round(Simulation.Small));
        x[4] = float.NaN;
        Assert.Equal(Round(Simulation.Reference), Round(Simulation.Small));
        x[4] = 30;
        Simulation.AssertAgree(
            "SquashColumns", Numbers.SumTolerance,
            (bench, to) => bench.Device.SquashColumns(bench.Store(x), bench.Store(bounds), to[0]), new float[x.Length]);
        foreach (bool accumulate in (bool[])[false, true])
        {
            Simulation.AssertAgree(
                $"SquashColumnsGradient, {accumulate}", 10 * Numbers.SumTolerance,
                (bench, to) => bench.Device.SquashColumnsGradient(
                    bench.Store(x), bench.Store(bounds), bench.Store(upstream), to[0], accumulate),
                Numbers.Normal(x.Length, 5));
        }

        int[] Round(Device device)
        {
            using var bench = new Bench(device);
            Guarded<int> found = bench.Guard<int>(new int[Rows]);
            device.RoundToLevels(
                bench.Store(x), new LevelGrid(bench.Store(grid)), bench.Store(new float[x.Length]), found.Storage);
            Assert.True(found.IsIntact);
            return found.Values;
        }
    }

    [Fact]
    public void Columns_are_copied()
    {
        const int Rows = 21;
        float[] x = Numbers.Normal(Rows * 5, 1);
        var from = new ColumnRange(5, 1, 3);
        var to = new ColumnRange(7, 4, 3);
        foreach (bool accumulate in (bool[])[false, true])
        {
            Simulation.AssertAgree(
                $"CopyColumns, {accumulate}", Exact,
                (bench, destination) => bench.Device.CopyColumns(
                    bench.Store(x), from, destination[0], to, accumulate),
                Numbers.Normal(Rows * 7, 2));
        }
        int[] indices = Numbers.Indices(Rows * 5, 99, 3);
        int[] Copy(Device device)
        {
            using var bench = new Bench(device);
            Guarded<int> y = bench.Guard<int>(new int[Rows * 7]);
            device.CopyIndexColumns(bench.Store(indices), from, y.Storage, to);
            Assert.True(y.IsIntact);
            return y.Values;
        }
        Assert.Equal(Copy(Simulation.Reference), Copy(Simulation.Small));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(2, 70)]
    public void Softmax_and_its_gradient_agree(int rows, int columns)
    {
        float[] x = [.. Numbers.Normal(rows * columns, 1).Select(value => 4 * value)];
        float[] upstream = Numbers.Normal(x.Length, 2);
        float[] y = Simulation.Run(
            "Softmax", Simulation.Reference,
            (bench, to) => bench.Device.Softmax(bench.Store(x), columns, 0.7f, null, to[0]), new float[x.Length])[0];
        foreach (bool noisy in (bool[])[false, true])
        {
            Simulation.AssertAgree(
                $"Softmax of {rows}x{columns}, noise {noisy}", Numbers.SumTolerance,
                (bench, to) => bench.Device.Softmax(
                    bench.Store(x), columns, 0.7f,
                    noisy ? new NoiseSource(7, 1UL << 60, bench.Store([3]), (3L << 32) + 5) : null, to[0]),
                new float[x.Length]);
        }
        foreach (bool accumulate in (bool[])[false, true])
        {
            Simulation.AssertAgree(
                $"SoftmaxGradient of {rows}x{columns}, {accumulate}", 10 * Numbers.SumTolerance,
                (bench, to) => bench.Device.SoftmaxGradient(
                    bench.Store(y), columns, 0.7f, bench.Store(upstream), to[0], accumulate),
                Numbers.Normal(x.Length, 3));
        }
        int[] Largest(Device device)
        {
            using var bench = new Bench(device);
            Guarded<int> found = bench.Guard<int>(new int[rows]);
            device.LargestColumns(bench.Store(x), columns, found.Storage);
            return found.Values;
        }
        // On a tie the first wins.
        x[columns - 1] = x[0] = 99;
        Assert.Equal(Largest(Simulation.Reference), Largest(Simulation.Small));
    }

    [Theory]
    [InlineData(5, 3)]
    [InlineData(300, 40)]
    public void Entropies_and_their_gradients_agree(int rows, int columns)
    {
        float[] p = [.. Numbers.Normal(rows * columns, 1).Select(value => MathF.Abs(value) / 1000)];
        p[1] = 0;
        var weights = new EntropyWeights(0.3f, -0.8f);
        float[] means = Entropy(
            (device, bench, to) => device.RowEntropy(bench.Store(p), columns, weights, to[0], to[1]));
        foreach (bool accumulate in (bool[])[false, true])
        {
            Simulation.AssertAgree(
                $"RowEntropyGradient, {accumulate}", 10 * Numbers.SumTolerance,
                (bench, to) => bench.Device.RowEntropyGradient(
                    bench.Store(p), columns, weights, bench.Store(means), bench.Store([0.7f]), to[0], accumulate),
                Numbers.Normal(p.Length, 3));
        }

        float[] Entropy(Action<Device, Bench, Storage<float>[]> run)
        {
            Simulation.AssertAgree(
                $"entropy of {rows}x{columns}", 10 * Numbers.SumTolerance,
                (bench, to) => run(bench.Device, bench, to), new float[columns], new float[1]);
            return Simulation.Run(
                "entropy", Simulation.Reference, (bench, to) => run(bench.Device, bench, to), new float[columns],
                new float[1])[0];
        }
    }
}
