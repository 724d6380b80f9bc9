namespace Tessera.Reporting;

/// <summary>Files embedded in URLs (RFC 2397), so that the page needs no other file.</summary>
internal static class DataUri
{
    /// <summary>The data URL of a PNG.</summary>
    public static string Png(ReadOnlySpan<byte> bytes) => $"data:image/png;base64,{Convert.ToBase64String(bytes)}";
}
