using System.Net;
using Microsoft.Net.Http.Headers;

namespace Tessera.Studio.Http;

/// <summary>
/// Lets only requests through that mean this server and come from its own pages or from a program. A page of another
/// site can make a browser send requests here: to an address (then Origin and Sec-Fetch-Site tell), or to a name of its
/// own that leads here (DNS rebinding; then Host tells).
/// </summary>
/// <param name="host">The name or address that the server was told to listen on; null for loopback.</param>
internal sealed class RequestGuard(string? host)
{
    private static readonly string[] BodyTypes = ["application/json", "application/octet-stream"];

    public Task Handle(HttpContext context, RequestDelegate next)
    {
        HttpRequest request = context.Request;
        ResponseHeaders.AddTo(context.Response);
        if (!IsOwnHost(request.Host.Host))
            return ErrorAnswers.Write(
                context, StatusCodes.Status403Forbidden, $"this server is not {request.Host.Host}");
        if (!IsOwnSite(request))
            return ErrorAnswers.Write(
                context, StatusCodes.Status403Forbidden, "pages of other sites may not ask this server");
        if (!HasKnownBody(request))
            return ErrorAnswers.Write(
                context, StatusCodes.Status415UnsupportedMediaType,
                "a body must be application/json, image/* or application/octet-stream");
        return next(context);
    }

    private bool IsOwnHost(string name)
    {
        if (name is "localhost" or "127.0.0.1" or "[::1]") return true;
        if (host is null) return false;
        if (name.Equals(host, StringComparison.OrdinalIgnoreCase) || name == $"[{host}]") return true;
        // All interfaces: any address, and the machine's own name; no name that a stranger's DNS could lead here.
        return IPAddress.TryParse(host, out IPAddress? address)
            && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            && (IPAddress.TryParse(name.Trim('[', ']'), out _)
                || name.Equals(Dns.GetHostName(), StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsOwnSite(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        if (origin.Length > 0) return origin == $"{request.Scheme}://{request.Host}";
        string site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site is "" or "same-origin" or "none") return true;
        // A link on another page may lead to a page of the studio, not to its API.
        return HttpMethods.IsGet(request.Method) && request.Headers["Sec-Fetch-Mode"] == "navigate"
            && !request.Path.StartsWithSegments("/api");
    }

    // A form of another page can send these without asking first: text/plain, multipart/form-data, urlencoded.
    private static bool HasKnownBody(HttpRequest request)
    {
        if (!HttpMethods.IsPost(request.Method)) return true;
        if (request.ContentLength is 0 && request.ContentType is null) return true;
        return MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            && type.MediaType.Value is { } name
            && (BodyTypes.Contains(name, StringComparer.OrdinalIgnoreCase)
                || name.StartsWith("image/", StringComparison.OrdinalIgnoreCase));
    }
}
