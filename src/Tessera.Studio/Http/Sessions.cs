using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Tessera.Runs;
using Tessera.Studio.Contract;

namespace Tessera.Studio.Http;

/// <summary>
/// Who has shown the token. The token comes in the body of one request and never stands in an address; what a browser
/// keeps is a random cookie that no script can read.
/// </summary>
/// <param name="token">The token; null if none is needed.</param>
internal sealed class Sessions(string? token)
{
    private const int MostSessions = 1000;
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(500);

    private readonly byte[]? _token = token is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(token));
    private readonly LinkedList<byte[]> _open = [];
    private Task _guesses = Task.CompletedTask;

    /// <summary>Refuses requests of the API without a session.</summary>
    public Task Handle(HttpContext context, RequestDelegate next)
    {
        PathString path = context.Request.Path;
        return !path.StartsWithSegments("/api") || path.Equals("/api/session", StringComparison.OrdinalIgnoreCase)
            || IsOpen(context)
            ? next(context)
            : ErrorAnswers.Write(
                context, StatusCodes.Status401Unauthorized, "this studio needs its token; enter it on the page");
    }

    /// <summary>Who asks: a session; where no token is needed, an address.</summary>
    public static string ClientOf(HttpContext context) =>
        context.Items[typeof(Sessions)] as string ?? $"{context.Connection.RemoteIpAddress}";

    /// <summary>Adds the endpoints.</summary>
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet(
            "/api/session", (HttpContext context) =>
                new SessionAnswer(_token is not null, IsOpen(context), RunFolder.Version));
        app.MapPost("/api/session", Open);
        app.MapDelete("/api/session", Close);
    }

    private bool IsOpen(HttpContext context)
    {
        if (_token is null) return true;
        if (Hash(context) is not { } hash) return false;
        lock (_open)
        {
            bool isOpen = false;
            foreach (byte[] session in _open) isOpen |= CryptographicOperations.FixedTimeEquals(session, hash);
            if (isOpen) context.Items[typeof(Sessions)] = Convert.ToHexString(hash);
            return isOpen;
        }
    }

    private async Task<NoContent> Open(HttpContext context, SessionRequest request)
    {
        if (_token is null) return TypedResults.NoContent();
        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(request.Token)), _token))
        {
            // One guess after the other, each with a pause.
            Task pause;
            lock (_open) pause = _guesses = Pause(_guesses);
            await pause.WaitAsync(context.RequestAborted);
            throw new StudioException(StatusCodes.Status401Unauthorized, "this is not the token", "token");
        }
        string session = RandomNumberGenerator.GetHexString(64);
        lock (_open)
        {
            _open.AddLast(SHA256.HashData(Encoding.UTF8.GetBytes(session)));
            if (_open.Count > MostSessions) _open.RemoveFirst();
        }
        context.Response.Cookies.Append(CookieName(context), session, Cookie());
        return TypedResults.NoContent();
    }

    private static async Task Pause(Task before)
    {
        await before;
        await Task.Delay(Delay);
    }

    private NoContent Close(HttpContext context)
    {
        if (Hash(context) is { } hash)
        {
            lock (_open)
            {
                if (_open.FirstOrDefault(session => session.AsSpan().SequenceEqual(hash)) is { } found)
                    _open.Remove(found);
            }
        }
        context.Response.Cookies.Delete(CookieName(context), Cookie());
        return TypedResults.NoContent();
    }

    private static byte[]? Hash(HttpContext context) =>
        context.Request.Cookies[CookieName(context)] is { } cookie
            ? SHA256.HashData(Encoding.UTF8.GetBytes(cookie))
            : null;

    // Cookies are a host's, whatever the port: two studios on one must not take each other's away. The port is the one
    // that the browser knows, which may be that of a tunnel.
    private static string CookieName(HttpContext context) => $"tessera-{context.Request.Host.Port ?? 80}";

    private static CookieOptions Cookie() =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true };
}
