using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

public class PoolKernelTests
{
    private const double Tolerance = 1e-6;

    [Theory]
    [InlineData(1, 4, 4, 1, 2, 2, 0)]
    [InlineData(2, 5, 7, 3, 3, 2, 1)]
    [InlineData(2, 3, 3, 5, 3, 1, 1)]
    [InlineData(1, 7, 8, 2, 2, 3, 0)]
    public void Poolings_agree(int batch, int height, int width, int channels, int kernel, int stride, int padding)
    {
        var g = new PoolGeometry(
            batch, height, width, channels, (height + 2 * padding - kernel) / stride + 1,
            (width + 2 * padding - kernel) / stride + 1, kernel, kernel, stride, padding);
        int outputs = batch * g.OutHeight * g.OutWidth * channels;
        float[] x = [.. Numbers.Indices(batch * height * width * channels, 5, 1).Select(value => value - 2f)];
        float[] largest = Simulation.Run(
            "MaxPool", Simulation.Reference, (bench, to) => bench.Device.MaxPool(g, bench.Store(x), to[0]),
            new float[outputs])[0];
        float[] gradY = Numbers.Normal(outputs, 2), before = Numbers.Normal(x.Length, 3);
        Simulation.AssertAgree(
            $"MaxPool {g}", 0, (bench, to) => bench.Device.MaxPool(g, bench.Store(x), to[0]), new float[outputs]);
        Simulation.AssertAgree(
            $"AveragePool {g}", Tolerance, (bench, to) => bench.Device.AveragePool(g, bench.Store(x), to[0]),
            new float[outputs]);
        foreach (bool accumulate in (bool[])[false, true])
        {
            Simulation.AssertAgree(
                $"MaxPoolGradient {g} {accumulate}", Tolerance,
                (bench, to) => bench.Device.MaxPoolGradient(
                    g, bench.Store(x), bench.Store(largest), bench.Store(gradY), to[0], accumulate),
                before);
            Simulation.AssertAgree(
                $"AveragePoolGradient {g} {accumulate}", Tolerance,
                (bench, to) => bench.Device.AveragePoolGradient(g, bench.Store(gradY), to[0], accumulate), before);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 37)]
    [InlineData(9, 3)]
    public void Distances_of_unit_rows_agree(int rows, int columns)
    {
        float[] x = Numbers.Normal(rows * columns, 1), y = Numbers.Normal(rows * columns, 2);
        if (rows > 2) y.AsSpan(0, columns).Clear();
        Simulation.AssertAgree(
            $"UnitRowDistance {rows}x{columns}", Tolerance,
            (bench, to) => bench.Device.UnitRowDistance(bench.Store(x), bench.Store(y), columns, to[0]), new float[1]);
        foreach (bool accumulate in (bool[])[false, true])
            Simulation.AssertAgree(
                $"UnitRowDistanceGradient {rows}x{columns} {accumulate}", Tolerance,
                (bench, to) => bench.Device.UnitRowDistanceGradient(
                    bench.Store(x), bench.Store(y), columns, bench.Store([0.7f]), to[0], accumulate),
                Numbers.Normal(rows * columns, 3));
    }

    [Fact]
    public void Products_and_quotients_agree()
    {
        foreach (int length in (int[])[1, 37, 131])
        {
            float[] x = Numbers.Normal(length, 1), y = Numbers.Normal(length, 2), before = Numbers.Normal(length, 3);
            foreach (bool accumulate in (bool[])[false, true])
            {
                Simulation.AssertAgree(
                    $"Multiply {length} {accumulate}", Tolerance,
                    (bench, to) => bench.Device.Multiply(bench.Store(x), bench.Store(y), -0.3f, to[0], accumulate),
                    before);
                Simulation.AssertAgree(
                    $"Divide {length} {accumulate}", Tolerance,
                    (bench, to) => bench.Device.Divide(bench.Store(x), bench.Store(y), to[0], accumulate), before);
            }
        }
    }
}
