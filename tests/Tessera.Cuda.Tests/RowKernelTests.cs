using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

public class RowKernelTests
{
    private const double Exact = 0;

    /// <summary>Columns around a warp's lanes; the numbers of the last need two pieces.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(40, 33)]
    [InlineData(1500, 3)]
    public void Rows_are_gathered_scattered_and_counted(int rows, int columns)
    {
        const int TableRows = 5;
        int[] indices = [.. Numbers.Indices(rows, TableRows, 3).Select((index, i) => i % 2 == 0 ? 3 : index)];
        float[] table = Numbers.Normal(TableRows * columns, 1), x = Numbers.Normal(rows * columns, 2);
        // A divisor of 0 leaves its row alone.
        float[] divisors = [.. Numbers.Normal(rows, 4).Select((value, row) => row % 4 == 1 ? 0 : value)];
        string sizes = $"of {rows}x{columns}";
        Simulation.AssertAgree(
            $"GatherRows {sizes}", Exact,
            (bench, to) => bench.Device.GatherRows(bench.Store(table), columns, bench.Store(indices), to[0]), x);
        foreach (bool accumulate in (bool[])[false, true])
        {
            Simulation.AssertAgree(
                $"ScatterAddRows {sizes}, {accumulate}", Exact,
                (bench, to) => bench.Device.ScatterAddRows(
                    bench.Store(x), columns, bench.Store(indices), to[0], accumulate),
                table);
        }
        Simulation.AssertAgree(
            $"CountIndices {sizes}", Exact, (bench, to) => bench.Device.CountIndices(bench.Store(indices), to[0]),
            new float[TableRows]);
        Simulation.AssertAgree(
            $"DivideRows {sizes}", Exact,
            (bench, to) => bench.Device.DivideRows(bench.Store(x), bench.Store(divisors), columns, to[0]),
            Numbers.Normal(x.Length, 5));
        int[] places = [.. Enumerable.Range(0, rows).Select(i => (3 + i * 11) % (rows + 7))];
        Simulation.AssertAgree(
            $"ScatterRows {sizes}", Exact,
            (bench, to) => bench.Device.ScatterRows(bench.Store(x), columns, bench.Store(places), to[0]),
            Numbers.Normal((rows + 7) * columns, 6));
    }

    [Fact]
    public void Indices_are_copied()
    {
        using var bench = new Bench(Simulation.Small);
        int[] x = Numbers.Indices(70, 1000, 1);
        Guarded<int> y = bench.Guard<int>(new int[70]);
        bench.Device.CopyIndices(bench.Store(x), y.Storage);
        Assert.Equal(x, y.Values);
        Assert.True(y.IsIntact);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(2, 64)]
    public void Norms_agree(int rows, int columns)
    {
        float[] x = Numbers.Normal(rows * columns, 1), y = Numbers.Normal(rows * columns, 2);
        float[] gradY = Numbers.Normal(rows * columns, 3), before = Numbers.Normal(rows * columns, 4);
        // A row whose squares vanish in float32.
        for (int i = 0; i < columns; i++) x[i] *= 1e-25f;
        Simulation.AssertAgree(
            $"NormalizeRows of {rows}x{columns}", 3e-7,
            (bench, to) => bench.Device.NormalizeRows(bench.Store(x), columns, to[0]), before);
        foreach (bool accumulate in (bool[])[false, true])
        {
            // A row of one number has no direction but its sign, and so no gradient, only roundings.
            if (columns > 1 || accumulate)
            {
                Simulation.AssertAgree(
                    $"NormalizeRowsGradient of {rows}x{columns}, {accumulate}", 3e-7,
                    (bench, to) => bench.Device.NormalizeRowsGradient(
                        bench.Store(y), bench.Store(gradY), columns, to[0], accumulate),
                    before);
            }
            Simulation.AssertAgree(
                $"RotationGradient of {rows}x{columns}, {accumulate}", 3e-7,
                (bench, to) => bench.Device.RotationGradient(
                    bench.Store(x), bench.Store(y), bench.Store(gradY), columns, to[0], accumulate),
                before);
        }
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 33)]
    [InlineData(2, 100)]
    public void LayerNorm_agrees(int rows, int columns)
    {
        float[] x = Numbers.Normal(rows * columns, 1), gain = Numbers.Normal(columns, 2);
        float[] bias = Numbers.Normal(columns, 3), gradY = Numbers.Normal(rows * columns, 4);
        x.AsSpan(0, columns).Fill(12345.678f);
        foreach (bool isConstant in (bool[])[true, false])
        {
            Simulation.AssertAgree(
                $"LayerNorm of {rows}x{columns}", Numbers.SumTolerance,
                (bench, to) => bench.Device.LayerNorm(
                    bench.Store(x), bench.Store(gain), bench.Store(bias), columns, to[0], to[1]),
                new float[x.Length], new float[2 * rows]);
            if (isConstant) Numbers.Normal(columns, 6).CopyTo(x, 0);
        }
        float[] statistics = Simulation.Run(
            "LayerNorm", Simulation.Reference,
            (bench, to) => bench.Device.LayerNorm(
                bench.Store(x), bench.Store(gain), bench.Store(bias), columns, to[0], to[1]),
            new float[x.Length], new float[2 * rows])[1];
        foreach (bool accumulate in (bool[])[false, true])
        {
            Simulation.AssertAgree(
                $"LayerNormGradient of {rows}x{columns}, {accumulate}", Numbers.SumTolerance,
                (bench, to) => bench.Device.LayerNormGradient(
                    bench.Store(x), bench.Store(gain), bench.Store(statistics), bench.Store(gradY), columns, to[0],
                    accumulate, to[1], accumulate, to[2], !accumulate),
                Numbers.Normal(x.Length, 5), gain, bias);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(2, 70)]
    public void CrossEntropy_agrees(int rows, int columns)
    {
        float[] logits = [.. Numbers.Normal(rows * columns, 1).Select(value => 4 * value)];
        int[] targets = [.. logits.Chunk(columns).Select(row => Array.IndexOf(row, row.Min()))];
        float[] logSums = CrossEntropy(Simulation.Reference, logits, columns, targets)[1];
        Simulation.AssertAgree(
            $"CrossEntropy of {rows}x{columns}", Numbers.SumTolerance,
            (bench, to) => bench.Device.CrossEntropy(
                bench.Store(logits), columns, bench.Store(targets), to[0], to[1]),
            new float[rows], new float[rows]);
        foreach (bool accumulate in (bool[])[false, true])
        {
            Simulation.AssertAgree(
                $"CrossEntropyGradient of {rows}x{columns}, {accumulate}", Numbers.SumTolerance,
                (bench, to) => bench.Device.CrossEntropyGradient(
                    bench.Store(logits), columns, bench.Store(targets), bench.Store(logSums), bench.Store([0.7f]),
                    to[0], accumulate),
                Numbers.Normal(logits.Length, 3));
        }
    }

    /// <summary>Masked logits, logits that decide alone, and logits whose exponentials overflow.</summary>
    [Fact]
    public void CrossEntropy_of_extreme_logits_agrees()
    {
        const int Columns = 21;
        float[] logits = Numbers.Normal(5 * Columns, 1);
        logits[0] = -1e9f;
        logits.AsSpan(Columns, Columns).Fill(-1e9f);
        logits[2 * Columns + 1] = float.NegativeInfinity;
        for (int i = 3 * Columns; i < 4 * Columns; i++) logits[i] += 1000;
        logits[4 * Columns] = 1e9f;
        int[] targets = [1, 0, 0, 1, 0];
        float[][] expected = CrossEntropy(Simulation.Reference, logits, Columns, targets);
        float[][] actual = CrossEntropy(Simulation.Small, logits, Columns, targets);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Numbers.RelativeError(expected[i], actual[i]);
            Assert.True(error <= Numbers.SumTolerance, $"result {i} is off by {error:E1}");
        }
    }

    [Fact]
    public void NaN_stays_in_its_row()
    {
        const int Columns = 40;
        float[] x = Numbers.Normal(3 * Columns, 1);
        x[Columns + 39] = float.NaN;
        float[][] results = CrossEntropy(Simulation.Small, x, Columns, [0, 0, 0]);
        float[] y = Simulation.Run(
            "LayerNorm", Simulation.Small,
            (bench, to) => bench.Device.LayerNorm(
                bench.Store(x), bench.Store(x.AsSpan(0, Columns)), bench.Store(x.AsSpan(0, Columns)), Columns, to[0],
                to[1]),
            x, new float[6])[0];
        for (int row = 0; row < 3; row++)
        {
            Assert.Equal(row == 1, float.IsNaN(results[0][row]));
            Assert.Equal(row == 1, float.IsNaN(results[1][row]));
            Assert.All(y.Skip(row * Columns).Take(Columns), value => Assert.Equal(row == 1, float.IsNaN(value)));
        }
    }

    private static float[][] CrossEntropy(Device device, float[] logits, int columns, int[] targets) => Simulation.Run(
        "CrossEntropy", device,
        (bench, to) => bench.Device.CrossEntropy(bench.Store(logits), columns, bench.Store(targets), to[0], to[1]),
        new float[targets.Length], new float[targets.Length]);
}
