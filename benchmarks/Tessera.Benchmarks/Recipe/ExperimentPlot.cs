using System.Globalization;
using System.Net;
using System.Text;

namespace Tessera.Benchmarks.Recipe;

/// <summary>
/// An experiment's results as a dot plot (SVG): a line for each row, a dot for each seed, a bar at their mean. A row
/// far worse than the best shows its mean as text at the plot's right edge, so that the others stay apart.
/// </summary>
internal static class ExperimentPlot
{
    private const int Left = 330, Width = 480, Right = 30, Top = 44, RowHeight = 22, Bottom = 46, Ticks = 6;

    private const string Middle = "text-anchor=\"middle\" fill=\"#555\"";

    // The largest error in the plot, in multiples of the best row's.
    private const double Span = 1.5;

    /// <summary>The plot: rows in the experiment's order, those without a result left out.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="results">Its results, at least one.</param>
    public static string Write(Experiment experiment, IReadOnlyList<Result> results)
    {
        double[] ErrorsOf(Row row) =>
            [.. results.Where(result => result.Row == row.Key).Select(result => result.ReconError)];
        (string Name, double[] Errors)[] rows =
            [.. experiment.Rows.Select(row => (row.Name, ErrorsOf(row))).Where(row => row.Item2.Length > 0)];
        Axis axis = Axis.Of([.. rows.Select(row => row.Errors)]);
        int bottom = Top + rows.Length * RowHeight;

        var svg = new StringBuilder();
        Add(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" width="{Left + Width + Right}" """);
        AddLine(svg, $"""height="{bottom + Bottom}" font-family="system-ui, sans-serif" font-size="13">""");
        Add(svg, $"""<rect width="100%" height="100%" fill="#fff"/>""");
        AddLine(svg, $"""<text x="{Left}" y="24" font-weight="600">{WebUtility.HtmlEncode(experiment.Title)}</text>""");
        for (double tick = axis.Min; tick < axis.Max + axis.Step / 2; tick += axis.Step)
        {
            Add(svg, $"""<path stroke="#e2e2e2" d="M{axis.X(tick):0.0} {Top}V{bottom}"/>""");
            AddLine(svg, $"""<text x="{axis.X(tick):0.0}" y="{bottom + 17}" {Middle}>{tick:0.####}</text>""");
        }
        for (int i = 0; i < rows.Length; i++)
            AddRow(svg, axis, Top + (i + 0.5) * RowHeight, WebUtility.HtmlEncode(rows[i].Name), rows[i].Errors);
        Add(svg, $"""<text x="{Left + Width / 2}" y="{bottom + 36}" {Middle}>""");
        AddLine(svg, $"recon_error: a dot for each seed, a bar at the mean</text>");
        AddLine(svg, $"</svg>");
        return svg.ToString();
    }

    private static void AddRow(StringBuilder svg, Axis axis, double y, string name, double[] errors)
    {
        double mean = errors.Average();
        AddLine(svg, $"""<text x="{Left - 12}" y="{y + 4.5}" text-anchor="end">{name}</text>""");
        if (errors.Max() > axis.Max)
        {
            Add(svg, $"""<text x="{Left + Width}" y="{y + 4.5}" text-anchor="end" fill="#1f6f8b">""");
            AddLine(svg, $"{mean:0.0000} &#8594;</text>");
            return;
        }
        AddLine(svg, $"""<path stroke="#1f6f8b" stroke-width="2" d="M{axis.X(mean):0.0} {y - 8}v16"/>""");
        foreach (double error in errors)
        {
            Add(svg, $"""<circle cx="{axis.X(error):0.0}" cy="{y}" r="4" fill="#1f6f8b" fill-opacity="0.6">""");
            AddLine(svg, $"<title>{error:0.0000}</title></circle>");
        }
    }

    private static void Add(StringBuilder svg, FormattableString piece) =>
        svg.Append(piece.ToString(CultureInfo.InvariantCulture));

    private static void AddLine(StringBuilder svg, FormattableString end)
    {
        Add(svg, end);
        svg.Append('\n');
    }

    // The horizontal axis, in errors.
    private readonly record struct Axis(double Min, double Max, double Step)
    {
        public static Axis Of(double[][] rows)
        {
            double least = rows.Min(errors => errors.Min()), most = Span * rows.Min(errors => errors.Average());
            double shown = rows.SelectMany(errors => errors).Where(error => error <= most).Max();
            double step = NiceStep((shown - least) / Ticks);
            double min = Math.Floor(least / step) * step, max = Math.Ceiling(shown / step) * step;
            return new Axis(min, max <= min ? min + step : max, step);
        }

        public double X(double error) => Left + (error - Min) / (Max - Min) * Width;
    }

    /// <summary>1, 2 or 5 times a power of ten, at least as large; 0.001 for an empty span.</summary>
    private static double NiceStep(double step)
    {
        if (step <= 0) return 0.001;
        double power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        return power * (step <= power ? 1 : step <= 2 * power ? 2 : step <= 5 * power ? 5 : 10);
    }
}
