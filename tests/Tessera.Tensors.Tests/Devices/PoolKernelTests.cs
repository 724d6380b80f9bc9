using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Devices;

/// <summary>Pooling, distances of unit vectors, products and quotients: each width beside the reference.</summary>
public class PoolKernelTests
{
    private const double Exact = 0;

    /// <summary>Channels around vectors' widths; windows that overlap, leave gaps, or reach over the edge.</summary>
    public static TheoryData<int, int, int, int, int, int, int> Poolings => new()
    {
        { 1, 4, 4, 1, 2, 2, 0 }, { 3, 5, 7, 3, 3, 2, 1 }, { 2, 6, 4, 37, 2, 2, 0 }, { 2, 5, 5, 70, 3, 1, 1 },
        { 1, 7, 8, 16, 2, 3, 0 }, { 5, 3, 3, 33, 3, 1, 0 },
    };

    [Theory]
    [MemberData(nameof(Poolings))]
    public void Poolings_agree(int batch, int height, int width, int channels, int kernel, int stride, int padding)
    {
        PoolGeometry g = PoolShapes.Of([batch, height, width, channels], kernel, kernel, stride, padding);
        // A few values only, so that many places of a window have the largest.
        float[] values = [.. Numbers.Indices(batch * g.InLength, 5, 1).Select(value => value - 2f)];
        Storage<float> x = Kernels.Store(values);
        float[] y = new float[batch * g.OutLength], before = Numbers.Normal(values.Length, 2);
        Kernels.AssertAgree($"MaxPool {g}", Exact, (device, to) => device.MaxPool(g, x, to[0]), y);
        Kernels.AssertAgree(
            $"AveragePool {g}", Numbers.SumTolerance, (device, to) => device.AveragePool(g, x, to[0]), y);
        Storage<float> largest = Kernels.Store(y), gradY = Kernels.Store(Numbers.Normal(y.Length, 3));
        Kernels.Reference.MaxPool(g, x, largest);
        foreach (bool accumulate in (bool[])[false, true])
        {
            Kernels.AssertAgree(
                $"MaxPoolGradient {g} {accumulate}", Numbers.SumTolerance,
                (device, to) => device.MaxPoolGradient(g, x, largest, gradY, to[0], accumulate), before);
            Kernels.AssertAgree(
                $"AveragePoolGradient {g} {accumulate}", Numbers.SumTolerance,
                (device, to) => device.AveragePoolGradient(g, gradY, to[0], accumulate), before);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Products_and_quotients_agree(bool accumulate) => Kernels.ForEachLength((length, x, y) =>
    {
        Kernels.AssertAgree(
            $"Multiply {length} {accumulate}", Exact,
            (device, to) => device.Multiply(x, y, -0.3f, to[0], accumulate), Numbers.Normal(length, 3));
        Kernels.AssertAgree(
            $"Divide {length} {accumulate}", Exact,
            (device, to) => device.Divide(x, y, to[0], accumulate), Numbers.Normal(length, 3));
    });

    [Theory]
    [InlineData(1, 2)]
    [InlineData(7, 5)]
    [InlineData(9, 37)]
    [InlineData(700, 70)]
    public void Distances_of_unit_rows_agree(int rows, int columns)
    {
        float[] x = Numbers.Normal(rows * columns, 1), y = Numbers.Normal(rows * columns, 2);
        // Rows whose squares leave float32's range, and rows of zeros.
        if (rows > 5)
        {
            x.AsSpan(0, columns).Clear();
            y.AsSpan(columns, columns).Clear();
            for (int i = 2 * columns; i < 4 * columns; i++) y[i] *= i < 3 * columns ? 1e-24f : 1e20f;
        }
        Storage<float> left = Kernels.Store(x), right = Kernels.Store(y), upstream = Kernels.Store([0.7f]);
        Kernels.AssertAgree(
            $"UnitRowDistance {rows}x{columns}", Numbers.SumTolerance,
            (device, to) => device.UnitRowDistance(left, right, columns, to[0]), new float[1]);
        foreach (bool accumulate in (bool[])[false, true])
            Kernels.AssertAgree(
                $"UnitRowDistanceGradient {rows}x{columns} {accumulate}", 1e-5,
                (device, to) => device.UnitRowDistanceGradient(left, right, columns, upstream, to[0], accumulate),
                Numbers.Normal(rows * columns, 3));
    }

    [Fact]
    public void Equal_rows_have_no_distance_and_a_short_row_has_no_gradient()
    {
        float[] x = Numbers.Normal(40, 1);
        foreach (Device device in Kernels.All)
        {
            var result = new GuardedMemory<float>([7f]);
            device.UnitRowDistance(Kernels.Store(x), Kernels.Store(x), 20, result.Storage);
            Assert.Equal(0, result.Values[0]);
            var gradient = new GuardedMemory<float>(new float[40]);
            device.UnitRowDistanceGradient(
                Kernels.Store(x), Kernels.Store(new float[40]), 20, Kernels.Store([1f]), gradient.Storage, false);
            Assert.True(Numbers.SameBits(new float[40], gradient.Values), device.Description);
        }
    }
}
