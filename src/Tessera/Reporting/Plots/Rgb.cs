using System.Globalization;

namespace Tessera.Reporting.Plots;

/// <summary>A colour in sRGB.</summary>
internal readonly record struct Rgb(byte R, byte G, byte B)
{
    /// <summary>The colour in CSS notation, such as <c>#0072b2</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"#{R:x2}{G:x2}{B:x2}");
}
