using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Tessera.Reporting;

/// <summary>
/// A piece of HTML or SVG. Values interpolated into it are encoded as text, unless they are pieces of markup
/// themselves, so that a name given by the user (a folder, a file) cannot inject elements.
/// </summary>
/// <example><code>Markup.Of($"&lt;h1&gt;{name}&lt;/h1&gt;{paragraphs}")</code></example>
internal readonly struct Markup
{
    private readonly string? _text;

    private Markup(string text) => _text = text;

    /// <summary>Empty markup.</summary>
    public static Markup None => default;

    /// <summary>Markup from an interpolated string; the values in it are encoded.</summary>
    public static Markup Of(MarkupHandler handler) => new(handler.Text);

    /// <summary>Markup from a string that is not encoded again.</summary>
    public static Markup Raw(string text) => new(text);

    /// <summary>The concatenation of pieces.</summary>
    public static Markup Join(IEnumerable<Markup> pieces) => new(string.Concat(pieces));

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";
}

/// <summary>The interpolated string handler of <see cref="Markup.Of"/>.</summary>
[InterpolatedStringHandler]
internal readonly ref struct MarkupHandler(int literalLength, int formattedCount)
{
    private readonly StringBuilder _text = new(literalLength + 16 * formattedCount);

    /// <summary>The finished markup.</summary>
    public string Text => _text.ToString();

    public void AppendLiteral(string text) => _text.Append(text);

    public void AppendFormatted(Markup piece) => _text.Append(piece.ToString());

    public void AppendFormatted(IEnumerable<Markup> pieces) => _text.AppendJoin(null, pieces);

    public void AppendFormatted(string? text) => _text.Append(WebUtility.HtmlEncode(text));

    /// <summary>Appends a coordinate, rounded to 1/100 pixel to keep the file small.</summary>
    public void AppendFormatted(double number) => AppendFormatted(number, "0.##");

    public void AppendFormatted<T>(T number, string? format = null) where T : IFormattable =>
        AppendFormatted(number.ToString(format, CultureInfo.InvariantCulture));
}
