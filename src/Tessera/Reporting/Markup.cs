using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Tessera.Reporting;

/// <summary>
/// A piece of HTML or SVG. What an interpolated string puts into it is text and gets encoded, unless it is a piece
/// itself: nothing that a user named (a folder, a file) can become an element.
/// </summary>
/// <example><code>Markup.Of($"&lt;h1&gt;{name}&lt;/h1&gt;{paragraphs}")</code></example>
internal readonly struct Markup
{
    private readonly string? _text;

    private Markup(string text) => _text = text;

    /// <summary>Nothing.</summary>
    public static Markup None => default;

    /// <summary>A piece out of an interpolated string.</summary>
    public static Markup Of(MarkupHandler handler) => new(handler.Text);

    /// <summary>A text that is markup already.</summary>
    public static Markup Raw(string text) => new(text);

    /// <summary>Pieces one after the other.</summary>
    public static Markup Join(IEnumerable<Markup> pieces) => new(string.Concat(pieces));

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";
}

/// <summary>What the compiler turns the interpolated string of <see cref="Markup.Of"/> into.</summary>
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

    /// <summary>A coordinate: a hundredth of a pixel is enough, and the file stays small.</summary>
    public void AppendFormatted(double number) => AppendFormatted(number, "0.##");

    public void AppendFormatted<T>(T number, string? format = null) where T : IFormattable =>
        AppendFormatted(number.ToString(format, CultureInfo.InvariantCulture));
}
