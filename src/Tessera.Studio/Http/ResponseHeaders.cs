namespace Tessera.Studio.Http;

/// <summary>The headers of every answer: what a page of the studio may do, and who may use an answer.</summary>
internal static class ResponseHeaders
{
    /// <summary>No script or style but those of the studio's own files; no frame; no other server.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        + "font-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

    public static void AddTo(HttpResponse response)
    {
        IHeaderDictionary headers = response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
    }
}
