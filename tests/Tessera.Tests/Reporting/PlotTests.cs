using System.Globalization;
using System.Xml.Linq;
using Tessera.Imaging;
using Tessera.Reporting;
using Tessera.Reporting.Plots;

namespace Tessera.Tests.Reporting;

public class PlotTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void An_axis_maps_values_to_positions()
    {
        Axis linear = Axis.Exact("x", 10, 20), log = Axis.Log("y", 0.01, 1);
        Assert.Equal([0, 0.5, 1], new double[] { 10, 15, 20 }.Select(linear.Fraction));
        // On a logarithmic axis, equal factors are equal distances.
        Assert.Equal(log.Fraction(0.1) - log.Fraction(0.01), log.Fraction(1) - log.Fraction(0.1), 1e-12);
        Assert.InRange(log.Fraction(0.01), 0.001, 0.1);
    }

    [Theory]
    [InlineData(0, 97, 0, 100)]
    [InlineData(12.7, 28.1, 10, 30)]
    [InlineData(-0.3, 0.9, -0.4, 1)]
    [InlineData(5, 5, 2, 8)]
    public void A_linear_axis_ends_at_ticks(double min, double max, double first, double last)
    {
        Axis axis = Axis.Linear("x", min, max);
        Assert.Equal(
            (first, last), (axis.Min, axis.Max),
            (x, y) => Math.Abs(x.Item1 - y.Item1) + Math.Abs(x.Item2 - y.Item2) < 1e-9);
    }

    [Theory]
    [InlineData(2, 6, 8, 0.25, 0.75)]
    [InlineData(0, 8, 8, 0, 1)]
    [InlineData(3, 3, 0, 0.5, 0.5)]
    public void A_bare_axis_puts_its_values_in_the_middle_of_the_span(
        double min, double max, double span, double first, double last)
    {
        Axis axis = Axis.Bare("x", min, max, span);
        Assert.Empty(axis.Ticks);
        // The axis is 1.12 times the span, with a margin of 0.06 spans at both ends.
        Assert.Equal((0.06 + first) / 1.12, axis.Fraction(min), 1e-12);
        Assert.Equal((0.06 + last) / 1.12, axis.Fraction(max), 1e-12);
    }

    [Fact]
    public void A_plot_is_well_formed_and_has_text_alternatives()
    {
        XElement svg = Draw(new Plot(
            "loss", "Loss <&> \"more\"", "It falls.", Axis.Exact("updates", 0, 100), Axis.Linear("error", 0, 1),
            [
                new Line(1, [1, 0.5, 0.25], "smooth") { Name = "a & b" }, new Bars([0, 50, 100], [0.5, 1]),
                new Scatter(
                [
                    new ScatterPoint(50, 0.5, 3, new Rgb(1, 2, 255), "<here>"), new ScatterPoint(1, 1, 3, null, "ring"),
                ]),
                new Rule(50, "half", Vertical: true), new Rule(0.5, "half", Vertical: false), new Band(60, 100, "none"),
                new Bitmap(Image.Black(2, 2, 3)), new Outline(0, 1, 50, 0),
            ]));
        Assert.Equal("img", svg.Attribute("role")?.Value);
        Assert.Equal("loss-title loss-text", svg.Attribute("aria-labelledby")?.Value);
        Assert.Equal("Loss <&> \"more\"", svg.Elements().Single(e => e.Attribute("id")?.Value == "loss-title").Value);
        Assert.Equal("It falls.", svg.Elements().Single(e => e.Attribute("id")?.Value == "loss-text").Value);
        Assert.Contains("#0102ff", svg.Descendants(Svg + "circle").Select(circle => circle.Attribute("fill")?.Value));
        foreach (string text in new[] { "updates", "error", "0.4", "100", "a & b", "half", "none" })
            Assert.Contains(text, svg.Descendants(Svg + "text").Select(e => e.Value));
    }

    [Fact]
    public void A_line_goes_through_its_values()
    {
        var plot = new Plot(
            "p", "t", "d", Axis.Exact("x", 0, 4), Axis.Exact("y", 0, 1), [new Line(1, [0, 1, 0.5], "smooth")]);
        (double X, double Y)[] points = Points(Draw(plot), "smooth");
        (double left, double right) = AxisEnds(Draw(plot));
        double width = right - left;
        Assert.Equal(
            [left + width / 4, left + width / 2, left + 3 * width / 4], points.Select(p => p.X),
            (x, y) => Math.Abs(x - y) < 0.02);
        // SVG's y axis points down, so larger values have smaller coordinates.
        Assert.True(points[1].Y < points[2].Y && points[2].Y < points[0].Y, "the values are not in vertical order");
        Assert.Equal((points[0].Y + points[1].Y) / 2, points[2].Y, 0.02);
    }

    [Fact]
    public void A_plot_of_the_reference_notebooks_200_000_updates_is_small_and_keeps_every_spike()
    {
        double[] values = [.. Enumerable.Range(0, 200_000).Select(i => 1 + 0.1 * Math.Sin(i))];
        values[123_456] = 9;
        values[54_321] = 0.2;
        var plot = new Plot(
            "p", "t", "d", Axis.Exact("updates", 0, 200_000), Axis.Log("y", 0.2, 9), [new Line(1, values, "raw")]);
        (double X, double Y)[] points = Points(Draw(plot), "raw");
        Assert.InRange(points.Length, 500, 2500);
        Assert.InRange(plot.Svg().ToString().Length, 1, 60_000);
        Assert.Equal(50 + 0.04 / 1.08 * (340 - 50 - 44), points.Min(p => p.Y), 1);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(4, 5)]
    [InlineData(20, 5)]
    [InlineData(21, 5)]
    [InlineData(1000, 7)]
    public void Decimation_keeps_the_ends_and_the_extremes_in_order(int length, int columns)
    {
        double[] values = [.. Enumerable.Range(0, length).Select(i => (double)(i * 7919 % 1013))];
        int[] kept = Decimation.Indices(values, columns);
        Assert.Equal(kept.Order().Distinct(), kept);
        Assert.Equal((0, length - 1), (kept[0], kept[^1]));
        Assert.Equal((values.Min(), values.Max()), (kept.Min(i => values[i]), kept.Max(i => values[i])));
        Assert.True(kept.Length == length || kept.Length <= 4 * columns, $"{kept.Length} of {length}");
    }

    [Fact]
    public void The_lightness_of_heat_colours_rises()
    {
        double[] luma = [.. Enumerable.Range(0, 101).Select(i => HeatColors.At(i / 100.0))
            .Select(color => 0.2126 * color.R + 0.7152 * color.G + 0.0722 * color.B)];
        Assert.True(luma[0] < 12, $"zero is not almost black but {luma[0]}");
        Assert.True(luma[^1] > 225, $"one is not almost white but {luma[^1]}");
        Assert.All(luma.Zip(luma.Skip(1)), pair => Assert.True(pair.First < pair.Second, $"{pair}"));
        Assert.Equal(HeatColors.At(1), HeatColors.At(7));
        Assert.Equal(HeatColors.At(0), HeatColors.At(-7));
    }

    [Fact]
    public void Values_interpolated_into_markup_are_encoded()
    {
        Markup bold = Markup.Of($"<b>{"a<b"}</b>");
        Assert.Equal(
            "<p><b>a&lt;b</b> &amp; 1.23 &quot;x&quot; <b>a&lt;b</b><b>a&lt;b</b></p>",
            Markup.Of($"<p>{bold} {"&"} {1.2345} {"\"x\""} {new[] { bold, bold }}</p>").ToString());
    }

    private static XElement Draw(Plot plot) => XElement.Parse(plot.Svg().ToString());

    private static (double X, double Y)[] Points(XElement svg, string style)
    {
        XElement path = svg.Descendants(Svg + "path").Single(e => e.Attribute("class")?.Value == style);
        double[] numbers =
        [
            .. path.Attribute("d")!.Value[1..].Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(text => double.Parse(text, CultureInfo.InvariantCulture)),
        ];
        return [.. numbers.Chunk(2).Select(pair => (pair[0], pair[1]))];
    }

    /// <summary>The horizontal positions of the first and the last tick.</summary>
    private static (double Left, double Right) AxisEnds(XElement svg)
    {
        double[] ticks = [.. svg.Descendants(Svg + "text")
            .Where(e => e.Attribute("class")?.Value == "tick" && e.Attribute("text-anchor")?.Value == "middle")
            .Select(e => double.Parse(e.Attribute("x")!.Value, CultureInfo.InvariantCulture))];
        return (ticks[0], ticks[^1]);
    }
}
