using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

public class ElementKernelTests
{
    // One float operation per element, so there is no rounding to differ by.
    private const double Exact = 0;

    // Every length up to more than four of the widest vectors, and lengths around an item's 16384 elements.
    private static readonly int[] Lengths = [.. Enumerable.Range(1, 70), 16383, 16384, 16385, 50_003];

    private static readonly int[] Columns = [1, 3, 5, 7, 13, 16, 33, 64, 100];

    [Fact]
    public void Relu_agrees() => ForEachLength((length, x, y) =>
        Kernels.AssertAgree($"Relu of {length}", Exact, (device, to) => device.Relu(x, to[0]), new float[length]));

    [Fact]
    public void Add_agrees() => ForEachLength((length, x, y) =>
        Kernels.AssertAgree($"Add of {length}", Exact, (device, to) => device.Add(x, y, to[0]), new float[length]));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReluGradient_agrees(bool accumulate) => ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"ReluGradient of {length}, accumulate {accumulate}", Exact,
        (device, to) => device.ReluGradient(x, y, to[0], accumulate), Numbers.Normal(length, 3)));

    [Theory]
    [InlineData(1f, false)]
    [InlineData(-0.3f, false)]
    [InlineData(1f, true)]
    [InlineData(-0.3f, true)]
    public void Scale_agrees(float scale, bool accumulate) => ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"Scale of {length} by {scale}, accumulate {accumulate}", Numbers.SumTolerance,
        (device, to) => device.Scale(x, scale, to[0], accumulate), Numbers.Normal(length, 3)));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ScaledDifference_agrees(bool accumulate) => ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"ScaledDifference of {length}, accumulate {accumulate}", Exact,
        (device, to) => device.ScaledDifference(x, y, 0.7f, to[0], accumulate), Numbers.Normal(length, 3)));

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void SquaredErrorGradients_agrees(bool accumulateX, bool accumulateY) => ForEachLength((length, x, y) =>
        Kernels.AssertAgree(
            $"SquaredErrorGradients of {length}, accumulate {accumulateX}, {accumulateY}", Exact,
            (device, to) => device.SquaredErrorGradients(x, y, 0.7f, to[0], accumulateX, -0.3f, to[1], accumulateY),
            Numbers.Normal(length, 3), Numbers.Normal(length, 4)));

    [Fact]
    public void Scale_in_place_agrees() => ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"Scale of {length} in place", Exact,
        (device, to) => device.Scale(to[0], -0.3f, to[0], accumulate: false), Numbers.Normal(length, 3)));

    [Fact]
    public void Scale_by_one_is_a_copy_to_the_bit()
    {
        float[] values = [-0f, 0f, float.Epsilon, -1.5f, float.NegativeInfinity];
        foreach (Device device in Kernels.All)
        {
            var y = new GuardedMemory(new float[values.Length]);
            device.Scale(Kernels.Store(values), 1, y.Storage, accumulate: false);
            Assert.True(
                Numbers.SameBits(values, y.Values),
                $"{device.Description} made {string.Join(", ", y.Values.ToArray())}");
        }
    }

    [Fact]
    public void SumOfSquares_agrees() =>
        ForEachLength((length, x, y) => AssertSumsAgree(length, device => device.SumOfSquares(x)));

    [Fact]
    public void SumOfSquaredDifferences_agrees() => ForEachLength((length, x, y) =>
        AssertSumsAgree(length, device => device.SumOfSquaredDifferences(x, y)));

    /// <summary>The square of 1e30 overflows float32; the other numbers are negligible.</summary>
    [Fact]
    public void SumOfSquares_of_finite_numbers_is_finite()
    {
        foreach (int at in (int[])[0, 40, 20_000])
        {
            float[] values = Numbers.Normal(50_003, 1);
            values[at] = -1e30f;
            Storage x = Kernels.Store(values);
            foreach (Device device in Kernels.All) Assert.Equal(1, device.SumOfSquares(x) / 1e60, 1e-6);
        }
    }

    [Fact]
    public void MoveAverage_agrees() => ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"MoveAverage of {length}", Exact, (device, to) => device.MoveAverage(to[0], x, 0.99),
        Numbers.Normal(length, 3)));

    /// <summary>1 - 0.99f would be 0.00999999.</summary>
    [Fact]
    public void MoveAverage_subtracts_the_decay_in_double_precision()
    {
        foreach (Device device in Kernels.All)
        {
            var average = new GuardedMemory([0, 1, 2]);
            device.MoveAverage(average.Storage, Kernels.Store([1, 0, 2]), 0.99);
            Assert.Equal([0.01f, 0.99f, 2], average.Values);
        }
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(0.9f)]
    public void Adam_agrees(float decay) => ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"Adam on {length}, parameter decay {decay}", Exact,
        (device, to) => device.Adam(
            new AdamStep(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0.003f, 0.1f, decay), to[0], x, to[1], to[2]),
        Numbers.Normal(length, 3), Numbers.Normal(length, 4), [.. Numbers.Normal(length, 5).Select(Math.Abs)]));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ColumnSums_agrees(bool accumulate)
    {
        foreach (int columns in Columns)
        {
            foreach (int rows in (int[])[1, 2, 37, 6000])
            {
                Storage x = Kernels.Store(Numbers.Normal(rows * columns, 1));
                Kernels.AssertAgree(
                    $"ColumnSums of {rows}x{columns}, accumulate {accumulate}", Numbers.SumTolerance,
                    (device, to) => device.ColumnSums(x, rows, columns, to[0], accumulate), Numbers.Normal(columns, 2));
            }
        }
    }

    /// <summary>As many rows as the pixels of the seed's batch, with the columns of an image.</summary>
    [Fact]
    public void ColumnSums_of_many_rows_agrees()
    {
        const int Rows = 256 * 32 * 32, Columns = 3;
        float[] values = Numbers.Normal(Rows * Columns, 1);
        // With a mean, partial sums become far larger than their terms.
        foreach (float mean in (float[])[0, 1.3f])
        {
            Storage x = Kernels.Store([.. values.Select(value => value + mean)]);
            Kernels.AssertAgree(
                $"ColumnSums of 262144x3, mean {mean}", Numbers.SumTolerance,
                (device, to) => device.ColumnSums(x, Rows, Columns, to[0], accumulate: false), new float[Columns]);
        }
    }

    [Fact]
    public void Rows_are_gathered_scattered_and_divided_alike()
    {
        foreach (int columns in Columns)
        {
            foreach (int rows in (int[])[1, 5, 90])
            {
                const int TableRows = 11;
                int[] indices = Numbers.Indices(rows, TableRows, 3);
                float[] table = Numbers.Normal(TableRows * columns, 1), x = Numbers.Normal(rows * columns, 2);
                Storage sTable = Kernels.Store(table), sX = Kernels.Store(x);
                Storage divisors = Kernels.Store(Numbers.Normal(rows, 4));
                string sizes = $"of {rows}x{columns}";
                Kernels.AssertAgree(
                    $"GatherRows {sizes}", Exact,
                    (device, to) => device.GatherRows(sTable, columns, indices, to[0]), x);
                Kernels.AssertAgree(
                    $"ScatterAddRows {sizes}", Exact,
                    (device, to) => device.ScatterAddRows(sX, columns, indices, to[0], accumulate: false), table);
                Kernels.AssertAgree(
                    $"ScatterAddRows {sizes}, accumulating", Exact,
                    (device, to) => device.ScatterAddRows(sX, columns, indices, to[0], accumulate: true), table);
                Kernels.AssertAgree(
                    $"DivideRows {sizes}", Exact, (device, to) => device.DivideRows(sX, divisors, columns, to[0]), x);
            }
        }
    }

    /// <summary>More rows than an item of any kernel; half of them use one row of the table.</summary>
    [Fact]
    public void Many_rows_are_gathered_scattered_and_counted_alike()
    {
        const int Rows = 3000, TableRows = 37, Columns = 33;
        int[] indices = [.. Numbers.Indices(Rows, TableRows, 3).Select((index, i) => i % 2 == 0 ? 5 : index)];
        float[] table = Numbers.Normal(TableRows * Columns, 1), x = Numbers.Normal(Rows * Columns, 2);
        Storage sTable = Kernels.Store(table), sX = Kernels.Store(x);
        Kernels.AssertAgree(
            "GatherRows of 3000 rows", Exact, (device, to) => device.GatherRows(sTable, Columns, indices, to[0]), x);
        Kernels.AssertAgree(
            "ScatterAddRows of 3000 rows", Exact,
            (device, to) => device.ScatterAddRows(sX, Columns, indices, to[0], accumulate: false), table);
        Kernels.AssertAgree(
            "CountIndices of 3000", Exact, (device, to) => device.CountIndices(indices, to[0]),
            Numbers.Normal(TableRows, 4));
        var counts = new GuardedMemory(new float[TableRows]);
        Kernels.Reference.CountIndices(indices, counts.Storage);
        for (int k = 0; k < TableRows; k++) Assert.Equal(indices.Count(index => index == k), counts.Values[k]);
    }

    [Fact]
    public void Relu_keeps_NaN_and_makes_no_negative_zero()
    {
        foreach (int length in (int[])[1, 3, 4, 8, 16, 35])
        {
            foreach (float special in (float[])[float.NaN, -0f, float.PositiveInfinity, float.NegativeInfinity])
            {
                Storage x = Kernels.Store([.. Enumerable.Repeat(special, length)]);
                float expected = float.IsNaN(special) ? float.NaN : special > 0 ? special : 0f;
                foreach (Device device in Kernels.All)
                {
                    var y = new GuardedMemory(new float[length]);
                    device.Relu(x, y.Storage);
                    foreach (float value in y.Values)
                    {
                        Assert.True(
                            float.IsNaN(expected) ? float.IsNaN(value) : Numbers.SameBits([expected], [value]),
                            $"{device.Description}: relu({special}) is {value}");
                    }
                }
            }
        }
    }

    [Fact]
    public void A_NaN_reaches_every_sum_that_it_is_in()
    {
        foreach (int at in (int[])[0, 7, 16, 40])
        {
            float[] values = Numbers.Normal(41, 1);
            values[at] = float.NaN;
            Storage x = Kernels.Store(values), y = Kernels.Store(Numbers.Normal(41, 2));
            foreach (Device device in Kernels.All)
            {
                Assert.True(
                    double.IsNaN(device.SumOfSquaredDifferences(x, y)), $"{device.Description} lost the NaN at {at}");
                Assert.True(
                    double.IsNaN(device.SumOfSquares(x)),
                    $"{device.Description}: the sum of squares lost the NaN at {at}");
                float[] sums = new float[1];
                var to = new GuardedMemory(sums);
                device.ColumnSums(x, 41, 1, to.Storage, accumulate: false);
                Assert.True(float.IsNaN(to.Values[0]), $"{device.Description}: the column sum lost the NaN at {at}");
            }
        }
    }

    /// <summary>
    /// A gradient of 0 moves nothing; a gradient whose square underflows moves by m / epsilon, not by infinity.
    /// </summary>
    [Theory]
    [InlineData(0f, 0.0)]
    [InlineData(1e-30f, 1e-3 * 0.1 * 1e-30 / 1e-8)]
    public void Adam_is_finite_where_the_second_moment_is_zero(float gradient, double change)
    {
        const int Length = 37;
        var numbers = new AdamStep(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 1e-3f, 0.03f);
        Storage gradients = Kernels.Store([.. Enumerable.Repeat(gradient, Length)]);
        foreach (Device device in Kernels.All)
        {
            var parameter = new GuardedMemory(new float[Length]);
            var first = new GuardedMemory(new float[Length]);
            var second = new GuardedMemory(new float[Length]);
            device.Adam(numbers, parameter.Storage, gradients, first.Storage, second.Storage);
            foreach (float value in parameter.Values)
            {
                Assert.True(
                    Math.Abs(value + change) <= 1e-6 * change,
                    $"{device.Description}: the parameter is {value} instead of {-change}");
            }
        }
    }

    /// <summary>Asserts that a sum is close to the reference, and the same for all numbers of threads.</summary>
    private static void AssertSumsAgree(int length, Func<Device, double> sum)
    {
        double expected = sum(Kernels.Reference);
        foreach ((string name, var byThreads) in Kernels.Fast)
        {
            double[] sums = [.. byThreads.Select(sum)];
            Assert.True(
                Math.Abs(sums[0] / expected - 1) <= Numbers.SumTolerance,
                $"{name}, length {length}: the sum is {sums[0]:R} instead of {expected:R}");
            Assert.All(sums, other => Assert.Equal(sums[0], other));
        }
    }

    private static void ForEachLength(Action<int, Storage, Storage> test)
    {
        foreach (int length in Lengths)
        {
            test(length, Kernels.Store(Numbers.Normal(length, 1)), Kernels.Store(Numbers.Normal(length, 2)));
        }
    }
}
