namespace Tessera.Reporting.Page;

/// <summary>
/// The style of the page: figures beside a table of contents; for light and dark screens and for print.
/// </summary>
internal static class PageStyle
{
    /// <summary>The <c>style</c> element.</summary>
    public static Markup Element { get; } = Markup.Raw("""
        <style>
        :root{color-scheme:light dark;
        --ink:#1c2430;--soft:#5c6675;--rule:#dfe3e8;--paper:#fff;--ground:#f5f6f8;--link:#0072b2}
        @media screen and (prefers-color-scheme:dark){
        :root{--ink:#e8ebf0;--soft:#a3adba;--rule:#2c343f;--paper:#161b22;--ground:#0d1117;--link:#56b4e9}}
        *{box-sizing:border-box}
        html{scroll-behavior:smooth;scroll-padding-top:1rem}
        body{margin:0;background:var(--ground);color:var(--ink);
        font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
        img{image-rendering:pixelated;max-width:100%;display:block}
        a{color:var(--link)}
        .mosaic{width:100%;height:3.25rem;object-fit:fill}
        .page{max-width:78rem;margin:0 auto;padding:0 1.5rem 4rem}
        header h1{font-size:2.1rem;line-height:1.2;letter-spacing:-.02em;margin:2rem 0 .25rem;overflow-wrap:anywhere}
        header p{color:var(--soft);margin:0 0 1.5rem;overflow-wrap:anywhere}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));
        gap:.75rem;margin:0 0 2rem;padding:0}
        .cards div{background:var(--paper);border:1px solid var(--rule);border-radius:.6rem;padding:.8rem 1rem}
        .cards dt{color:var(--soft);font-size:.8rem}
        .cards dd{margin:0;font-size:1.45rem;font-weight:600;letter-spacing:-.01em;
        font-variant-numeric:tabular-nums;white-space:nowrap}
        .cards dd small{font-size:.85rem;font-weight:400;color:var(--soft)}
        .columns{display:grid;grid-template-columns:13rem minmax(0,1fr);gap:2.5rem}
        nav{position:sticky;top:1.5rem;align-self:start;font-size:.875rem;max-height:calc(100vh - 3rem);overflow-y:auto}
        nav h2{font-size:.8rem;color:var(--soft);font-weight:600;margin:0 0 .5rem}
        nav ol{list-style:none;margin:0;padding:0}
        nav ol ol{margin:.1rem 0 .7rem;padding-left:.8rem;border-left:1px solid var(--rule)}
        nav a{color:inherit;text-decoration:none;display:block;padding:.12rem 0}
        nav ol ol a{color:var(--soft)}
        nav a:hover{color:var(--link);text-decoration:underline}
        section>h2{font-size:1.5rem;letter-spacing:-.01em;margin:2.75rem 0 1rem}
        section:first-child>h2{margin-top:0}
        figure{background:var(--paper);border:1px solid var(--rule);border-radius:.6rem;
        padding:1.25rem;margin:0 0 1.25rem}
        figure h3{font-size:1.05rem;margin:0 0 1rem}
        figure h3 span{color:var(--soft);font-weight:400}
        figcaption{color:var(--soft);font-size:.9rem;max-width:64rem;margin-top:1rem;text-wrap:pretty}
        .parts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));
        gap:1.25rem;align-items:start}
        .columns-1{grid-template-columns:1fr}
        .columns-2{grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr))}
        .columns-3{grid-template-columns:repeat(auto-fit,minmax(min(100%,14rem),1fr))}
        .parts svg{display:block;width:100%}
        .part p{color:var(--soft);font-size:.85rem;margin:.4rem 0 0}
        .part .part{margin-top:.5rem}
        .part img{width:100%;border-radius:.25rem}
        .absent{border:1px dashed var(--rule);border-radius:.4rem;padding:1rem;color:var(--soft);margin:0}
        table{border-collapse:collapse;width:100%;font-size:.92rem}
        th,td{text-align:left;padding:.45rem 1rem .45rem 0;border-bottom:1px solid var(--rule);
        vertical-align:top;overflow-wrap:anywhere}
        thead th{color:var(--soft);font-weight:600;font-size:.8rem}
        tbody th{font-weight:500}
        tbody tr:last-child>*{border-bottom:0}
        tbody th,td:nth-child(2):nth-last-child(2){white-space:nowrap}
        td:nth-child(2){font-variant-numeric:tabular-nums}
        td:nth-child(3){color:var(--soft)}
        footer{color:var(--soft);font-size:.85rem;border-top:1px solid var(--rule);margin-top:3rem;padding-top:1rem}
        @media (max-width:60rem){.columns{grid-template-columns:1fr;gap:1rem}nav{position:static;max-height:none}
        nav>ol{columns:16rem}nav li{break-inside:avoid}}
        @media (max-width:40rem){tbody th,td:nth-child(2):nth-last-child(2){white-space:normal}}
        @media print{@page{margin:14mm}body{background:none;font-size:10.5pt}.page{padding:0;max-width:none}
        .columns{display:block}nav{position:static;max-height:none;margin-bottom:1.5rem}
        nav>ol{columns:2}nav li{break-inside:avoid}.cards{grid-template-columns:repeat(3,1fr)}
        figure{break-inside:avoid;border:0;padding:0;margin-bottom:1.75rem}section>h2{break-after:avoid}
        .parts{gap:.75rem}.columns-2{grid-template-columns:1fr 1fr}.columns-3{grid-template-columns:1fr 1fr 1fr}
        .mosaic,img,svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
        </style>
        """);
}
