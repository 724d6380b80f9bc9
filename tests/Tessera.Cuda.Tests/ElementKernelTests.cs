using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

public class ElementKernelTests
{
    /// <summary>A few roundings of 2^-24, which a GPU fuses and so has fewer of.</summary>
    private const double Tolerance = 3e-7;

    private const double Exact = 0;

    /// <summary>One element, a group that is partly filled, and more than two groups.</summary>
    private static readonly int[] Lengths = [1, 37, 131];

    [Fact]
    public void Elements_without_rounding_agree() => ForEachLength((length, x, y, before) =>
    {
        Assert($"Fill {length}", (bench, to) => bench.Device.Fill(to[0], -1.5f));
        Assert($"Relu {length}", (bench, to) => bench.Device.Relu(bench.Store(x), to[0]));
        Assert($"Add {length}", (bench, to) => bench.Device.Add(bench.Store(x), bench.Store(y), to[0]));
        Assert($"Add one to {length}", (bench, to) => bench.Device.Add(bench.Store(x), bench.Store([2f]), to[0]));
        Assert($"Copy {length}", (bench, to) => bench.Device.Copy(bench.Store(x), to[0]));
        Assert($"Scale {length} in place", (bench, to) => bench.Device.Scale(to[0], -0.3f, to[0], false));
        foreach (bool accumulate in (bool[])[false, true])
        {
            Assert(
                $"ReluGradient {length} {accumulate}",
                (bench, to) => bench.Device.ReluGradient(bench.Store(x), bench.Store(y), to[0], accumulate));
            Assert(
                $"Dropout {length} {accumulate}",
                // An update that carries from the lower to the upper half of the stream.
                (bench, to) => bench.Device.Dropout(
                    new DropoutMask(0.3f, 0xFEDC_BA98_7654_3210, 0xFFFF_FFFE, bench.Store([5])), bench.Store(x), to[0],
                    accumulate));
            Assert(
                $"Dropout {length} {accumulate} of a part of a batch",
                (bench, to) => bench.Device.Dropout(
                    new DropoutMask(0.3f, 9, 1, bench.Store([5]), (3L << 32) + 3), bench.Store(x), to[0], accumulate));
        }

        void Assert(string what, Action<Bench, Storage<float>[]> run) =>
            Simulation.AssertAgree(what, Exact, run, before);
    });

    [Fact]
    public void Elements_with_roundings_agree() => ForEachLength((length, x, y, before) =>
    {
        float[] positive = [.. Numbers.Normal(length, 5).Select(Math.Abs)];
        Assert($"Gelu {length}", (bench, to) => bench.Device.Gelu(bench.Store(x), to[0]));
        Assert(
            $"MoveAverage {length}", (bench, to) => bench.Device.MoveAverage(to[0], bench.Store(x), 0.99f, 0.01f));
        Assert(
            $"Adam {length}",
            (bench, to) => bench.Device.Adam(
                new AdamStep(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0.003f, 0.1f, 0.9f), to[0], bench.Store(x), to[1],
                to[2]),
            y, positive);
        foreach (bool accumulate in (bool[])[false, true])
        {
            Assert(
                $"Scale {length} {accumulate}",
                (bench, to) => bench.Device.Scale(bench.Store(x), -0.3f, to[0], accumulate));
            Assert(
                $"GeluGradient {length} {accumulate}",
                (bench, to) => bench.Device.GeluGradient(bench.Store(x), bench.Store(y), to[0], accumulate));
            Assert(
                $"SquaredErrorGradients {length} {accumulate}",
                (bench, to) => bench.Device.SquaredErrorGradients(
                    bench.Store(x), bench.Store(y), bench.Store([-1.7f]), new(to[0], 0.7f, accumulate),
                    new(to[1], -0.3f, !accumulate)),
                y);
        }
        Assert(
            $"SquaredErrorGradients {length} of y",
            (bench, to) => bench.Device.SquaredErrorGradients(
                bench.Store(x), bench.Store(y), bench.Store([-1.7f]), default, new(to[0], -0.3f, false)));

        void Assert(string what, Action<Bench, Storage<float>[]> run, params float[][] more) =>
            Simulation.AssertAgree(what, Tolerance, run, [before, .. more]);
    });

    [Fact]
    public void Gelu_of_any_size_of_numbers_is_near_the_formula()
    {
        float[] x =
        [
            .. Enumerable.Range(-60, 121).Select(i => i / 4f), 1e-20f, -1e-20f, 100, -100, 1e10f, -1e10f, 1e25f, -1e25f,
            float.MaxValue, float.MinValue,
        ];
        float[][] expected = Results(Simulation.Reference), actual = Results(Simulation.Small);
        for (int i = 0; i < x.Length; i++)
        {
            AssertNear($"gelu({x[i]})", expected[0][i], actual[0][i], Math.Max(1, Math.Abs((double)x[i])));
            AssertNear($"gelu'({x[i]})", expected[1][i], actual[1][i], 1);
        }

        float[][] Results(Device device) => Simulation.Run(
            "Gelu", device,
            (bench, to) =>
            {
                bench.Device.Gelu(bench.Store(x), to[0]);
                bench.Device.GeluGradient(bench.Store(x), bench.Store([.. x.Select(_ => 1f)]), to[1], false);
            },
            x, x);

        static void AssertNear(string what, double expected, double actual, double size) => Assert.True(
            Math.Abs(actual - expected) <= 4e-7 * size, $"{what} is {actual} instead of {expected}");
    }

    [Fact]
    public void Special_values_stay_special()
    {
        float[] x = [float.NaN, -0f, float.PositiveInfinity, float.NegativeInfinity];
        float[][] y = Simulation.Run(
            "Relu, Gelu", Simulation.Small,
            (bench, to) =>
            {
                bench.Device.Relu(bench.Store(x), to[0]);
                bench.Device.Gelu(bench.Store([float.NaN]), to[1]);
                bench.Device.GeluGradient(bench.Store([float.NaN]), bench.Store([1f]), to[2], false);
                bench.Device.Copy(bench.Store(x), to[3]);
                // What is dropped may be no number.
                bench.Device.Dropout(new DropoutMask(0.5f, 1, 0, bench.Store([0])), to[4], to[4], false);
            },
            x, [0], [0], new float[4], [.. Enumerable.Repeat(float.NaN, 40)]);
        Assert.True(Numbers.SameBits([float.NaN, 0f, float.PositiveInfinity, 0f], y[0]), string.Join(' ', y[0]));
        Assert.True(float.IsNaN(y[1][0]) && float.IsNaN(y[2][0]), "the GELU of NaN is a number");
        Assert.True(Numbers.SameBits(x, y[3]), string.Join(' ', y[3]));
        Assert.InRange(y[4].Count(value => value == 0), 9, 31);
    }

    [Fact]
    public void Numbers_are_read_in_the_block()
    {
        using var block = new UpdateBlock(Simulation.Small);
        Number[] numbers = [block.ReserveNumber(), block.ReserveNumber(), block.ReserveNumber()];
        float[] values = [0.9f, 0.1f, -0.003f], x = Numbers.Normal(41, 1);
        foreach ((Number number, float value) in numbers.Zip(values)) block.Set(number, value);
        block.Upload();
        float[][] expected = Run([.. values.Select(value => (Number)value)]), actual = Run(numbers);
        for (int i = 0; i < expected.Length; i++) Assert.True(Numbers.SameBits(expected[i], actual[i]), $"result {i}");

        float[][] Run(Number[] n) => Simulation.Run(
            "block", Simulation.Small,
            (bench, to) =>
            {
                bench.Device.MoveAverage(to[0], bench.Store(x), n[0], n[1]);
                bench.Device.Scale(bench.Store(x), n[2], to[1], accumulate: true);
                bench.Device.Adam(
                    new AdamStep(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, n[2], n[1], n[0]), to[2], bench.Store(x), to[3],
                    to[4]);
            },
            [.. Enumerable.Range(2, 5).Select(
                stream => Numbers.Normal(41, (ulong)stream).Select(Math.Abs).ToArray())]);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 1, 3)]
    [InlineData(2, 3, 3)]
    public void Images_are_gathered(int height, int width, int channels)
    {
        var layout = new ImageLayout(height, width, channels);
        byte[] images = [.. Numbers.Indices(5 * layout.Length, 256, 5).Select(value => (byte)value)];
        int[] numbers = [3, 3, 5 + 3, 0, 5, 2 * 5 - 1, 4];
        Simulation.AssertAgree(
            $"GatherImages {layout}", Exact,
            (bench, to) => bench.Device.GatherImages(bench.Store(images), layout, bench.Store(numbers), to[0]),
            new float[numbers.Length * layout.Length]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    public void Sequences_are_gathered(int length)
    {
        const int Sequences = 5, Batch = 9;
        int[] all = Numbers.Indices(Sequences * length, 100, 1), numbers = Numbers.Indices(Batch, Sequences, 2);
        int[] firsts = Numbers.Indices(Batch, 10, 3);
        (int[] Inputs, int[] Targets) expected = Run(Simulation.Reference), actual = Run(Simulation.Small);
        Assert.Equal(expected.Inputs, actual.Inputs);
        Assert.Equal(expected.Targets, actual.Targets);

        (int[] Inputs, int[] Targets) Run(Device device)
        {
            using var bench = new Bench(device);
            Guarded<int> inputs = bench.Guard<int>(new int[Batch * length]);
            Guarded<int> targets = bench.Guard<int>(new int[Batch * length]);
            device.GatherSequences(
                bench.Store(all), length, bench.Store(numbers), bench.Store(firsts), inputs.Storage, targets.Storage);
            Assert.True(inputs.IsIntact && targets.IsIntact, $"{device.Description} wrote beside the batch");
            return (inputs.Values, targets.Values);
        }
    }

    private static void ForEachLength(Action<int, float[], float[], float[]> test)
    {
        foreach (int length in Lengths)
            test(length, Numbers.Normal(length, 1), Numbers.Normal(length, 2), Numbers.Normal(length, 3));
    }
}
