using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

public class RowKernelTests
{
    // Copies, and one float operation per element: there is no rounding to differ by.
    private const double Exact = 0;

    private static readonly int[] Columns = [1, 3, 5, 7, 13, 16, 33, 64, 100];

    [Fact]
    public void Rows_are_gathered_scattered_and_divided_alike()
    {
        foreach (int columns in Columns)
        {
            foreach (int rows in (int[])[1, 5, 90])
            {
                const int TableRows = 11;
                Storage<int> indices = Kernels.Store(Numbers.Indices(rows, TableRows, 3));
                float[] table = Numbers.Normal(TableRows * columns, 1), x = Numbers.Normal(rows * columns, 2);
                Storage<float> sTable = Kernels.Store(table), sX = Kernels.Store(x);
                // A divisor of 0 leaves its row alone.
                Storage<float> divisors = Kernels.Store(
                    [.. Numbers.Normal(rows, 4).Select((value, row) => row % 4 == 1 ? 0 : value)]);
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
                    $"DivideRows {sizes}", Exact, (device, to) => device.DivideRows(sX, divisors, columns, to[0]),
                    Numbers.Normal(x.Length, 5));
            }
        }
    }

    /// <summary>More rows than an item of any kernel; half of them use one row of the table.</summary>
    [Fact]
    public void Many_rows_are_gathered_scattered_and_counted_alike()
    {
        const int Rows = 3000, TableRows = 37, Columns = 33;
        int[] numbers = [.. Numbers.Indices(Rows, TableRows, 3).Select((index, i) => i % 2 == 0 ? 5 : index)];
        Storage<int> indices = Kernels.Store(numbers);
        float[] table = Numbers.Normal(TableRows * Columns, 1), x = Numbers.Normal(Rows * Columns, 2);
        Storage<float> sTable = Kernels.Store(table), sX = Kernels.Store(x);
        Kernels.AssertAgree(
            "GatherRows of 3000 rows", Exact, (device, to) => device.GatherRows(sTable, Columns, indices, to[0]), x);
        Kernels.AssertAgree(
            "ScatterAddRows of 3000 rows", Exact,
            (device, to) => device.ScatterAddRows(sX, Columns, indices, to[0], accumulate: false), table);
        Kernels.AssertAgree(
            "CountIndices of 3000", Exact, (device, to) => device.CountIndices(indices, to[0]),
            Numbers.Normal(TableRows, 4));
        var counts = new GuardedMemory<float>(new float[TableRows]);
        Kernels.Reference.CountIndices(indices, counts.Storage);
        for (int k = 0; k < TableRows; k++) Assert.Equal(numbers.Count(index => index == k), counts.Values[k]);
    }

    /// <summary>From one row to more than an item of any kernel.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(2000)]
    public void ScatterRows_replaces_these_rows_and_no_other(int rows)
    {
        foreach (int columns in Columns)
        {
            int tableRows = rows + 7;
            // Different rows in no order: 11 and the number of rows have no common divisor.
            Assert.NotEqual(0, tableRows % 11);
            int[] numbers = [.. Enumerable.Range(0, rows).Select(i => (3 + i * 11) % tableRows)];
            float[] table = Numbers.Normal(tableRows * columns, 1), x = Numbers.Normal(rows * columns, 2);
            float[] expected = [.. table];
            for (int i = 0; i < rows; i++)
                x.AsSpan(i * columns, columns).CopyTo(expected.AsSpan(numbers[i] * columns));
            Storage<float> sX = Kernels.Store(x);
            Storage<int> indices = Kernels.Store(numbers);
            foreach (Device device in Kernels.All)
            {
                var to = new GuardedMemory<float>(table);
                device.ScatterRows(sX, columns, indices, to.Storage);
                Assert.True(to.IsIntact, $"{device.Description} wrote outside the table");
                Assert.True(
                    Numbers.SameBits(expected, to.Values), $"{device.Description}: {rows}x{columns} differs");
            }
        }
    }

    [Fact]
    public void A_row_with_the_divisor_0_keeps_its_values()
    {
        foreach (Device device in Kernels.All)
        {
            var quotients = new GuardedMemory<float>([7, -8, float.NaN, 9, 10, 11]);
            device.DivideRows(
                Kernels.Store([1f, 2, 3, 4, 5, 6]), Kernels.Store([2f, 0, -0f]), columns: 2, quotients.Storage);
            Assert.Equal([0.5f, 1, float.NaN, 9, 10, 11], quotients.Values);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(37)]
    [InlineData(20_001)]
    public void Perplexity_is_the_formula_in_double_precision(int length)
    {
        float[] counts =
        [
            .. Numbers.Normal(length, 1).Select((value, k) => k % 3 == 1 ? 0 : MathF.Round(100 * value * value)),
        ];
        counts[0] = 5;
        double total = counts.Sum(count => (double)count);
        double expected = Math.Exp(-counts.Sum(count => count / total * Math.Log(count / total + 1e-10)));
        AssertPerplexity(expected, counts.Count(count => count > 0), counts);
    }

    [Fact]
    public void Perplexity_runs_from_1_to_the_number_of_counts()
    {
        float[] single = new float[50];
        single[20] = 1 << 24;
        AssertPerplexity(1, 1, single);
        AssertPerplexity(50, 50, [.. Enumerable.Repeat(3f, 50)]);
        // No counts at all: the entropy is 0.
        AssertPerplexity(1, 0, new float[50]);
    }

    [Theory]
    [InlineData(1, 1e-5)]
    [InlineData(37, 0.5)]
    [InlineData(20_001, 1e-5)]
    public void SmoothSizes_is_the_formula_in_double_precision_and_keeps_the_sum(int length, double epsilon)
    {
        float[] sizes = [.. Numbers.Normal(length, 1).Select((value, k) => k % 3 == 1 ? 0 : 10 * value * value)];
        double total = sizes.Sum(size => (double)size);
        float[] expected = [.. sizes.Select(size => (float)((size + epsilon) / (total + length * epsilon) * total))];
        foreach (Device device in Kernels.All)
        {
            GuardedMemory<float> smoothed = new(Numbers.Normal(length, 2)), inPlace = new(sizes);
            device.SmoothSizes(Kernels.Store(sizes), epsilon, smoothed.Storage);
            device.SmoothSizes(inPlace.Storage, epsilon, inPlace.Storage);
            Assert.True(smoothed.IsIntact && inPlace.IsIntact, $"{device.Description} wrote outside the sizes");
            double error = Numbers.RelativeError(expected, smoothed.Values);
            Assert.True(error <= 1e-7, $"{device.Description}: {length} sizes are off by {error:E1}");
            Assert.True(Numbers.SameBits(smoothed.Values, inPlace.Values), $"{device.Description} differs in place");
            Assert.False(smoothed.Values.Contains(0), $"{device.Description} left a size of 0");
        }
    }

    private static void AssertPerplexity(double expected, int used, float[] counts)
    {
        Storage<float> stored = Kernels.Store(counts);
        foreach (Device device in Kernels.All)
        {
            var result = new GuardedMemory<float>([-1, -1]);
            device.Perplexity(stored, result.Storage);
            Assert.True(result.IsIntact, $"{device.Description} wrote outside the result");
            Assert.Equal(1, result.Values[0] / expected, 1e-7);
            Assert.Equal(used, result.Values[1]);
        }
    }
}
