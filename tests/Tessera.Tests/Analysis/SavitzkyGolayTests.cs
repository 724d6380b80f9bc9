using Tessera.Analysis;

namespace Tessera.Tests.Analysis;

public class SavitzkyGolayTests
{
    // The rounding error of a fit with an orthonormal basis in doubles, with a margin.
    private const double ExactTolerance = 1e-11;
    private const double ScipyTolerance = 1e-6;

    private static readonly Case[] Cases = AnalysisFixtures.Cases<Case>("savitzky_golay.json");

    public static TheoryData<string> Names => [.. Cases.Select(item => item.Name)];

    public static TheoryData<string> NamesWhereScipyIsAccurate =>
        [.. Cases.Where(item => item.ScipyError < ScipyTolerance / 10).Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Agrees_with_rational_arithmetic(string name)
    {
        Case item = Find(name);
        double[] smoothed = SavitzkyGolay.Smooth(item.Values, item.Window, item.Order);
        AnalysisFixtures.AssertClose(item.Exact, smoothed, ExactTolerance, name, item.Exact.Max(Math.Abs));
    }

    [Theory]
    [MemberData(nameof(NamesWhereScipyIsAccurate))]
    public void Agrees_with_scipy(string name)
    {
        Case item = Find(name);
        double[] smoothed = SavitzkyGolay.Smooth(item.Values, item.Window, item.Order);
        AnalysisFixtures.AssertClose(item.Scipy, smoothed, ScipyTolerance, name);
    }

    /// <summary>
    /// The edges agree at window 201 and order 7 too, where scipy's weights for the other values are off by 5e-5.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Agrees_with_scipy_at_the_edges(string name)
    {
        Case item = Find(name);
        double[] smoothed = SavitzkyGolay.Smooth(item.Values, item.Window, item.Order);
        int half = item.Window / 2;
        AnalysisFixtures.AssertClose(item.Scipy.AsSpan(0, half), smoothed.AsSpan(0, half), ScipyTolerance, name);
        AnalysisFixtures.AssertClose(item.Scipy.AsSpan()[^half..], smoothed.AsSpan()[^half..], ScipyTolerance, name);
    }

    [Fact]
    public void Scipy_is_accurate_except_for_long_windows_of_high_order()
    {
        string[] rest = [.. Cases.Where(item => item.ScipyError >= ScipyTolerance / 10).Select(item => item.Name)];
        Assert.All(rest, name =>
            Assert.True(Find(name) is { Window: 201, Order: 7 } or { Window: 51, Order: 12 }, name));
    }

    [Theory]
    [InlineData(201, 7)]
    [InlineData(51, 12)]
    [InlineData(1001, 20)]
    public void Polynomials_of_the_order_are_unchanged(int window, int order)
    {
        // T(order)(x), which stays in -1..1.
        int length = window + 30;
        double[] values = [.. Enumerable.Range(0, length)
            .Select(i => Math.Cos(order * Math.Acos(Math.Clamp(2.0 * i / (length - 1) - 1, -1, 1))))];
        double[] smoothed = SavitzkyGolay.Smooth(values, window, order);
        AnalysisFixtures.AssertClose(values, smoothed, 1e-9, $"window {window}, order {order}", scale: 1);
    }

    [Fact]
    public void A_NaN_affects_the_windows_that_hold_it()
    {
        double[] values = [.. Enumerable.Range(0, 30).Select(i => i == 15 ? double.NaN : i)];
        double[] smoothed = SavitzkyGolay.Smooth(values, 5, 2);
        for (int i = 0; i < smoothed.Length; i++) Assert.Equal(i is >= 13 and <= 17, double.IsNaN(smoothed[i]));
    }

    [Theory]
    [InlineData(1000, 201, 7, 201)]
    [InlineData(201, 201, 7, 201)]
    [InlineData(200, 201, 7, 199)]
    [InlineData(100, 200, 7, 99)]
    [InlineData(1000, 200, 7, 199)]
    [InlineData(9, 201, 7, 9)]
    [InlineData(10, 201, 7, 9)]
    [InlineData(8, 201, 7, null)]
    [InlineData(0, 201, 7, null)]
    [InlineData(0, 201, 0, null)]
    [InlineData(1, 201, 0, 1)]
    [InlineData(1000, -3, 0, null)]
    public void The_largest_window_is_odd_and_fits(int length, int wanted, int order, int? expected)
    {
        int? window = SavitzkyGolay.LargestWindow(length, wanted, order);
        Assert.Equal(expected, window);
        if (window is int fitting)
            Assert.Equal(length, SavitzkyGolay.Smooth(new double[length], fitting, order).Length);
    }

    [Fact]
    public void Invalid_sizes_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SavitzkyGolay.Smooth(new double[20], 6, 2));
        Assert.Throws<ArgumentException>(() => SavitzkyGolay.Smooth(new double[20], 5, 5));
        Assert.Throws<ArgumentException>(() => SavitzkyGolay.Smooth(new double[4], 5, 2));
        Assert.Throws<ArgumentException>(() => SavitzkyGolay.Smooth([], 1, 0));
        Assert.Throws<ArgumentException>(() => SavitzkyGolay.Smooth([1], -1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => SavitzkyGolay.Smooth(new double[20], 5, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SavitzkyGolay.LargestWindow(20, 5, -1));
    }

    private static Case Find(string name) => Cases.Single(item => item.Name == name);

    /// <summary>A case of <c>savitzky_golay.json</c>.</summary>
    private sealed record Case(
        string Name, int Window, int Order, double[] Values, double[] Scipy, double[] Exact, double ScipyError);
}
