using System.Globalization;
using Tessera.Imaging;

namespace Tessera.Reporting.Plots;

/// <summary>Something drawn in a plot.</summary>
/// <param name="Style">The CSS class in <see cref="PlotStyle"/>.</param>
internal abstract record Mark(string Style)
{
    /// <summary>The name in the legend; null for no entry.</summary>
    public string? Name { get; init; }

    /// <summary>The SVG of the mark.</summary>
    public abstract Markup Draw(PlotFrame frame);
}

/// <summary>A line through evenly spaced values; long series are reduced (<see cref="Decimation"/>).</summary>
/// <param name="First">The horizontal position of the first value.</param>
/// <param name="Values">The vertical values.</param>
/// <param name="Style">The CSS class.</param>
internal sealed record Line(double First, double[] Values, string Style) : Mark(Style)
{
    /// <summary>The horizontal distance between values.</summary>
    public double Step { get; init; } = 1;

    public override Markup Draw(PlotFrame frame)
    {
        IEnumerable<Markup> points = Decimation.Indices(Values, (int)frame.Width)
            .Select(i => Markup.Of($" {frame.X(First + i * Step)} {frame.Y(Values[i])}"));
        return Markup.Of($"""<path class="{Style}" d="M{points}"/>""");
    }
}

/// <summary>A line through points, with a ring at each.</summary>
/// <param name="Points">The points, from left to right.</param>
/// <param name="Style">The CSS class.</param>
internal sealed record Trace(IReadOnlyList<(long X, double Y)> Points, string Style) : Mark(Style)
{
    private const double Radius = 3.5;

    public override Markup Draw(PlotFrame frame)
    {
        (double X, double Y)[] places = [.. Points.Select(point => (frame.X(point.X), frame.Y(point.Y)))];
        IEnumerable<Markup> line = places.Select(place => Markup.Of($" {place.X} {place.Y}"));
        Markup HalfRing(double across) => Markup.Of($"a{Radius} {Radius} 0 1 0 {across} 0");
        IEnumerable<Markup> rings = places.Select(place => Markup.Of(
            $"M{place.X - Radius} {place.Y}{HalfRing(2 * Radius)}{HalfRing(-2 * Radius)}"));
        return Markup.Of($"""
            <path class="{Style}" d="M{line}" style="stroke-width:1.5"/>
            <path class="{Style}" d="{rings}" style="stroke-width:1.5;stroke-dasharray:none"/>
            """);
    }
}

/// <summary>Adjacent bars that start at the lower end of the vertical axis.</summary>
/// <param name="Edges">The edges of the bars in ascending order: one more than the heights.</param>
/// <param name="Heights">The vertical values of the bars.</param>
internal sealed record Bars(double[] Edges, double[] Heights) : Mark("area")
{
    public override Markup Draw(PlotFrame frame)
    {
        double bottom = frame.Bottom;
        IEnumerable<Markup> bars = Heights.Select((height, i) => height > frame.YAxis.Min
            ? Markup.Of($"M{frame.X(Edges[i])} {bottom}V{frame.Y(height)}H{frame.X(Edges[i + 1])}V{bottom}z")
            : Markup.None);
        return Markup.Of($"""<path class="area" d="{bars}"/>""");
    }
}

/// <summary>A point of a <see cref="Scatter"/>.</summary>
/// <param name="X">Horizontal value.</param>
/// <param name="Y">Vertical value.</param>
/// <param name="Radius">In pixels.</param>
/// <param name="Color">The fill colour; null for a ring.</param>
/// <param name="Text">The tooltip.</param>
internal readonly record struct ScatterPoint(double X, double Y, double Radius, Rgb? Color, string Text);

/// <summary>Points; the last is on top.</summary>
internal sealed record Scatter(IReadOnlyList<ScatterPoint> Points) : Mark("point")
{
    public override Markup Draw(PlotFrame frame) => Markup.Join(Points.Select(point => Markup.Of($"""
        <circle {Look(point)} cx="{frame.X(point.X)}" cy="{frame.Y(point.Y)}" r="{point.Radius}">
        <title>{point.Text}</title></circle>

        """)));

    private static Markup Look(ScatterPoint point) => point.Color is { } color
        ? Markup.Of($"""class="point" fill="{color.ToString()}" """)
        : Markup.Raw("""class="unused" """);
}

/// <summary>A line at one value of an axis, with a note.</summary>
/// <param name="Value">The value.</param>
/// <param name="Note">The text beside the line.</param>
/// <param name="Vertical">Whether the line is vertical, at a value of the horizontal axis.</param>
internal sealed record Rule(double Value, string Note, bool Vertical) : Mark("rule")
{
    /// <summary>The vertical position of the note of a vertical line, in text lines from the top.</summary>
    public int NoteLine { get; init; }

    public override Markup Draw(PlotFrame frame)
    {
        if (!Vertical)
        {
            double y = frame.Y(Value);
            return Markup.Of($"""
                <path class="rule" d="M{frame.Left} {y}h{frame.Width}"/>
                <text class="note" x="{frame.Right - 4}" y="{y - 6}" text-anchor="end">{Note}</text>
                """);
        }
        double x = frame.X(Value);
        bool left = x > frame.Left + 0.6 * frame.Width;
        double noteX = x + (left ? -6 : 6), noteY = frame.Top + 14 + 18 * NoteLine;
        return Markup.Of($"""
            <path class="rule" d="M{x} {frame.Top}v{frame.Height}"/>
            <text class="note" x="{noteX}" y="{noteY}" text-anchor="{(left ? "end" : "start")}">{Note}</text>
            """);
    }
}

/// <summary>
/// A highlighted range of the horizontal axis, with a note in its middle, or to its left if it is narrow.
/// </summary>
internal sealed record Band(double From, double To, string Note) : Mark("band")
{
    public override Markup Draw(PlotFrame frame)
    {
        double left = frame.X(From), width = frame.X(To) - left;
        bool fits = width > 7.0 * Note.Length;
        double noteX = fits ? left + width / 2 : left - 6;
        return Markup.Of($"""
            <rect class="band" x="{left}" y="{frame.Top}" width="{width}" height="{frame.Height}"/>
            <text class="note" x="{noteX}" y="{frame.Top + 20}" text-anchor="{(fits ? "middle" : "end")}">{Note}</text>
            """);
    }
}

/// <summary>An image that fills the frame, without smoothing.</summary>
internal sealed record Bitmap(Image Image) : Mark("image")
{
    public override Markup Draw(PlotFrame frame) => Markup.Of($"""
        <image x="{frame.Left}" y="{frame.Top}" width="{frame.Width}" height="{frame.Height}" preserveAspectRatio="none"
        href="{DataUri.Png(ImageFile.EncodePng(Image))}"/>
        """);
}

/// <summary>A rectangle's outline.</summary>
internal sealed record Outline(double Left, double Top, double Right, double Bottom) : Mark("outline")
{
    public override Markup Draw(PlotFrame frame) => Markup.Of($"""
        <path d="M{frame.X(Left)} {frame.Y(Top)}H{frame.X(Right)}V{frame.Y(Bottom)}H{frame.X(Left)}z"
        style="stroke:#fff;stroke-width:1.5"/>
        """);
}

/// <summary>The numbers of a heat map that fills the frame, a number a cell; none if cells are too small.</summary>
/// <param name="Values">The values, row-major.</param>
/// <param name="Columns">Cells in a row.</param>
/// <param name="Darkest">The value with the first colour.</param>
/// <param name="Brightest">The value with the last colour.</param>
internal sealed record CellNumbers(double[] Values, int Columns, double Darkest, double Brightest) : Mark("number")
{
    // A number such as 5.31 is about this many times as wide as its letters are high.
    private const double NumberWidth = 2.6, SmallestSize = 8, LargestSize = 14;

    public override Markup Draw(PlotFrame frame)
    {
        double width = frame.Width / Columns, height = frame.Height * Columns / Values.Length;
        double size = Math.Min(Math.Min(width / NumberWidth, height / 1.5), LargestSize);
        if (size < SmallestSize) return Markup.None;
        return Markup.Of($"""
            <g text-anchor="middle" style="font-size:{size}px">{Values.Select((value, i) => Number(value, i))}</g>
            """);

        Markup Number(double value, int i)
        {
            double x = frame.Left + (i % Columns + 0.5) * width, y = frame.Top + (i / Columns + 0.5) * height;
            string color = (value - Darkest) / (Brightest - Darkest) > 0.5 ? "#000" : "#fff";
            return Markup.Of($"""<text x="{x}" y="{y + size / 3}" fill="{color}">{Rounded(value)}</text>""");
        }

        static string Rounded(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
    }
}
