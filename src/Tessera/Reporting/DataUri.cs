namespace Tessera.Reporting;

/// <summary>Files inside of an address, so that one page holds all it shows (RFC 2397).</summary>
internal static class DataUri
{
    /// <summary>The address of a PNG.</summary>
    public static string Png(ReadOnlySpan<byte> bytes) => $"data:image/png;base64,{Convert.ToBase64String(bytes)}";
}
