namespace Tessera.Reporting.Plots;

/// <summary>A plot with two axes: a self-contained SVG that follows the reader's light or dark colour scheme.</summary>
/// <param name="Id">An id that is unique on the page; the ids of the text alternatives start with it.</param>
/// <param name="Title">
/// The line above the plot, which is also the short text alternative. If it is empty, the label of <paramref name="X"/>
/// is the text alternative.
/// </param>
/// <param name="Description">The long text alternative: the contents in words and numbers.</param>
/// <param name="X">The horizontal axis.</param>
/// <param name="Y">The vertical axis.</param>
/// <param name="Marks">The marks; the last is on top.</param>
internal sealed record Plot(
    string Id, string Title, string Description, Axis X, Axis Y, IReadOnlyList<Mark> Marks)
{
    private const double Bottom = 44, Right = 22, LetterWidth = 7;

    /// <summary>The width of the plot in pixels, before the page scales it.</summary>
    public double Width { get; init; } = 520;

    /// <summary>The height of the plot in pixels, before the page scales it.</summary>
    public double Height { get; init; } = 340;

    /// <summary>Whether horizontal grid lines are drawn at the ticks.</summary>
    public bool HasGrid { get; init; } = true;

    private double Top => Title.Length > 0 ? 50 : 4;

    private double Left => 16 + LetterWidth * Y.Ticks.Select(tick => Ticks.Label(tick).Length).DefaultIfEmpty(0).Max();

    private PlotFrame Frame => new(X, Y, Left, Top, Width - Left - Right, Height - Top - Bottom);

    /// <summary>The SVG.</summary>
    public Markup Svg()
    {
        PlotFrame frame = Frame;
        double middle = frame.Left + frame.Width / 2;
        return Markup.Of($"""
            <svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 {Width} {Height}" width="{Width}"
            height="{Height}" role="img" aria-labelledby="{Id}-title {Id}-text">
            <title id="{Id}-title">{(Title.Length > 0 ? Title : X.Label)}</title>
            <desc id="{Id}-text">{Description}</desc>
            {PlotStyle.Element}
            <text class="title" x="{frame.Left}" y="16">{Title}</text>
            <text class="label" x="{frame.Left}" y="{Top - 12}">{Y.Label}</text>
            {Legend(frame)}
            {(HasGrid ? Grid(frame) : Markup.None)}
            {Marks.Select(mark => mark.Draw(frame))}
            {Axes(frame)}
            <text class="label" x="{middle}" y="{Height - 6}" text-anchor="middle">{X.Label}</text>
            </svg>
            """);
    }

    private Markup Grid(PlotFrame frame) => Markup.Of($"""
        <path class="grid" d="{Y.Ticks.Select(tick => Markup.Of($"M{frame.Left} {frame.Y(tick)}h{frame.Width}"))}"/>
        """);

    private Markup Axes(PlotFrame frame)
    {
        IEnumerable<Markup> horizontal = Y.Ticks.Select(tick => Markup.Of($"""
            <text class="tick" x="{frame.Left - 7}" y="{frame.Y(tick) + 4}" text-anchor="end">{Ticks.Label(tick)}</text>
            """));
        IEnumerable<Markup> vertical = X.Ticks.Select(tick => Markup.Of($"""
            <path class="axis" d="M{frame.X(tick)} {frame.Bottom}v5"/>
            <text class="tick" x="{frame.X(tick)}" y="{frame.Bottom + 18}"
            text-anchor="middle">{Ticks.Label(tick)}</text>
            """));
        return Markup.Of($"""
            <g>{horizontal}{vertical}<path class="axis" d="M{frame.Left} {frame.Top}v{frame.Height}h{frame.Width}"/></g>
            """);
    }

    private Markup Legend(PlotFrame frame)
    {
        double right = frame.Right;
        var entries = new List<Markup>();
        foreach (Mark mark in Marks.Where(mark => mark.Name is not null).Reverse())
        {
            double width = LetterWidth * mark.Name!.Length;
            entries.Add(Markup.Of($"""
                <path class="{mark.Style}" d="M{right - width - 26} 12h18" style="stroke-width:2"/>
                <text class="label" x="{right}" y="16" text-anchor="end">{mark.Name}</text>
                """));
            right -= width + 44;
        }
        return Markup.Join(entries);
    }
}

/// <summary>The mapping from the values of a plot to positions in pixels.</summary>
internal sealed record PlotFrame(Axis XAxis, Axis YAxis, double Left, double Top, double Width, double Height)
{
    public double Right => Left + Width;

    public double Bottom => Top + Height;

    public double X(double value) => Left + Width * Math.Clamp(XAxis.Fraction(value), 0, 1);

    public double Y(double value) => Bottom - Height * Math.Clamp(YAxis.Fraction(value), 0, 1);
}
