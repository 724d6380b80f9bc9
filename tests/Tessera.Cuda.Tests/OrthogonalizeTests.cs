namespace Tessera.Cuda.Tests;

public class OrthogonalizeTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(3, 40)]
    [InlineData(40, 3)]
    public void Matrices_agree(int rows, int columns) => Simulation.AssertAgree(
        $"Orthogonalize {rows}x{columns}", 2e-5,
        (bench, to) => bench.Device.Orthogonalize([(to[0], columns)]), Numbers.Normal(rows * columns, 1));

    [Fact]
    public void Each_matrix_is_its_own_affair()
    {
        float[] x = Numbers.Normal(6, 1), spoilt = [.. x], zeros = new float[4];
        spoilt[4] = float.NaN;
        float[][] together = Simulation.Run(
            "Orthogonalize", Simulation.Small,
            (bench, to) => bench.Device.Orthogonalize([(to[0], 3), (to[1], 3), (to[2], 2)]), x, spoilt, zeros);
        float[] alone = Simulation.Run(
            "Orthogonalize", Simulation.Small, (bench, to) => bench.Device.Orthogonalize([(to[0], 3)]), x)[0];
        Assert.True(Numbers.SameBits(alone, together[0]), "a matrix depends on the others");
        Assert.All(together[1], value => Assert.False(float.IsFinite(value)));
        Assert.All(together[2], value => Assert.Equal(0, value));
        Simulation.Small.Orthogonalize([]);
    }

    /// <summary>
    /// By hand: a single row is divided by its length, then follows the polynomial; tiny rows stay small.
    /// </summary>
    [Theory]
    [InlineData(1e30f)]
    [InlineData(5e-12f)]
    public void A_row_becomes_nearly_a_unit_vector_unless_it_is_tiny(float length)
    {
        double expected = Math.Min(1, length / 1e-7);
        for (int i = 0; i < 5; i++)
            expected = 3.4445 * expected - 4.7750 * Math.Pow(expected, 3) + 2.0315 * Math.Pow(expected, 5);
        float[] row = Simulation.Run(
            "Orthogonalize", Simulation.Small, (bench, to) => bench.Device.Orthogonalize([(to[0], 2)]),
            [0.6f * length, -0.8f * length])[0];
        Assert.Equal(0.6 * expected, row[0], 1e-4);
        Assert.Equal(-0.8 * expected, row[1], 1e-4);
    }

    /// <summary>One matrix more than a launch takes.</summary>
    [Fact]
    public void Seventeen_matrices_agree() => Simulation.AssertAgree(
        "Orthogonalize 17 matrices", 2e-5,
        (bench, to) => bench.Device.Orthogonalize([.. to.Select((x, i) => (x, i % 3 + 1))]),
        [.. Enumerable.Range(0, 17).Select(i => Numbers.Normal((i % 3 + 1) * 5, (ulong)i))]);
}
