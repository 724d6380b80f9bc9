namespace Tessera.Reporting.Plots;

/// <summary>
/// The style of the plots. Each plot carries it, so that it looks the same on the page and as a file. The line colours
/// are from the palette of Okabe and Ito ("Color Universal Design", 2008), which is safe for colour blindness.
/// </summary>
internal static class PlotStyle
{
    private static string Light => Colors(
        ink: "#1c2430", soft: "#5c6675", grid: "#dfe3e8", first: "#0072b2", second: "#d55e00", paper: "#fff");

    private static string Dark => Colors(
        ink: "#e8ebf0", soft: "#a3adba", grid: "#333b47", first: "#56b4e9", second: "#e69f00", paper: "#161b22");

    /// <summary>The <c>style</c> element.</summary>
    public static Markup Element { get; } = Markup.Raw($$"""
        <style>
        .plot{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
        max-width:100%;height:auto}
        .plot .title{font-size:15px;font-weight:600}
        .plot .tick{font-variant-numeric:tabular-nums}
        .plot path{fill:none}
        .plot .note{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}
        .plot .raw{stroke-width:.8;stroke-opacity:.3;stroke-linejoin:round}
        .plot .smooth{stroke-width:2;stroke-linejoin:round}
        .plot .rule{stroke-width:1.5;stroke-dasharray:5 4}
        .plot .area{fill-opacity:.75}
        .plot .band{fill-opacity:.12}
        .plot .point{stroke-opacity:.55;stroke-width:.8}
        .plot .unused{fill:none;stroke-opacity:.7}
        .plot image{image-rendering:pixelated}
        {{Light}}
        @media screen and (prefers-color-scheme:dark){
        {{Dark}}
        }
        </style>
        """);

    /// <summary>
    /// The CSS rules of a colour scheme. There are no CSS variables, because not all programs that import SVG support
    /// them. The plot has its own background, because a page that embeds the file may be dark while the reader's system
    /// is light.
    /// </summary>
    private static string Colors(
        string ink, string soft, string grid, string first, string second, string paper) => $$"""
        .plot{background:{{paper}}}
        .plot .title{fill:{{ink}}}
        .plot .label,.plot .tick{fill:{{soft}}}
        .plot .note{fill:{{ink}};stroke:{{paper}}}
        .plot .grid{stroke:{{grid}}}
        .plot .axis,.plot .unused{stroke:{{soft}}}
        .plot .raw,.plot .smooth{stroke:{{first}}}
        .plot .rule{stroke:{{second}}}
        .plot .area{fill:{{first}}}
        .plot .band{fill:{{second}}}
        .plot .point{stroke:{{ink}}}
        """;
}
