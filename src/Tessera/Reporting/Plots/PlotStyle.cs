namespace Tessera.Reporting.Plots;

/// <summary>
/// The look of the plots, carried by each of them, so that it is the same on the page and as a file. The colours of lines
/// are of Okabe and Ito's set ("Color Universal Design", 2008), which holds with any colour blindness.
/// </summary>
internal static class PlotStyle
{
    /// <summary>The <c>style</c> element.</summary>
    public static Markup Element { get; } = Markup.Raw("""
        <style>
        .plot{--ink:#1c2430;--soft:#5c6675;--rule:#dfe3e8;--first:#0072b2;--second:#d55e00;--paper:#fff;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;max-width:100%;height:auto}
        @media screen and (prefers-color-scheme:dark){.plot{--ink:#e8ebf0;--soft:#a3adba;--rule:#333b47;--first:#56b4e9;--second:#e69f00;--paper:#161b22}}
        .plot .title{fill:var(--ink);font-size:15px;font-weight:600}
        .plot .label,.plot .tick{fill:var(--soft)}
        .plot .tick{font-variant-numeric:tabular-nums}
        .plot .note{fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
        .plot path{fill:none}
        .plot .grid{stroke:var(--rule)}
        .plot .axis{stroke:var(--soft)}
        .plot .raw{stroke:var(--first);stroke-width:.8;stroke-opacity:.3;stroke-linejoin:round}
        .plot .smooth{stroke:var(--first);stroke-width:2;stroke-linejoin:round}
        .plot .rule{stroke:var(--second);stroke-width:1.5;stroke-dasharray:5 4}
        .plot .area{fill:var(--first);fill-opacity:.75}
        .plot .band{fill:var(--second);fill-opacity:.12}
        .plot .point{stroke:var(--ink);stroke-opacity:.55;stroke-width:.8}
        .plot .unused{fill:none;stroke:var(--soft);stroke-opacity:.7}
        .plot image{image-rendering:pixelated}
        </style>
        """);
}
