using Tessera.Studio.Contract;

namespace Tessera.Studio.Http;

/// <summary>
/// What an endpoint takes and gives, where its method does not say so: for the description of the API. Errors are alike
/// everywhere.
/// </summary>
internal static class Descriptions
{
    /// <summary>It gives JSON.</summary>
    public static RouteHandlerBuilder Gives<T>(
        this RouteHandlerBuilder endpoint, int status = StatusCodes.Status200OK) => endpoint.Produces<T>(status);

    /// <summary>It gives files of some types.</summary>
    public static RouteHandlerBuilder GivesFile(
        this RouteHandlerBuilder endpoint, string type, params string[] others) =>
        endpoint.Produces<Stream>(StatusCodes.Status200OK, type, others);

    /// <summary>It gives an image.</summary>
    public static RouteHandlerBuilder GivesPng(this RouteHandlerBuilder endpoint) => endpoint.GivesFile("image/png");

    /// <summary>It gives server-sent events.</summary>
    public static RouteHandlerBuilder GivesEvents(this RouteHandlerBuilder endpoint) =>
        endpoint.Produces<string>(StatusCodes.Status200OK, "text/event-stream");

    /// <summary>It begins something, and gives nothing.</summary>
    public static RouteHandlerBuilder GivesNothing(this RouteHandlerBuilder endpoint) =>
        endpoint.Produces(StatusCodes.Status202Accepted);

    /// <summary>It gives its progress until the answer is computed.</summary>
    public static RouteHandlerBuilder TakesLong(this RouteHandlerBuilder endpoint) =>
        endpoint.Gives<ProgressAnswer>(StatusCodes.Status202Accepted);

    /// <summary>It takes JSON, or a file, and reads the body itself.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder endpoint, params string[] files) =>
        endpoint.WithMetadata(new TakenBody(typeof(T), files));
}

/// <summary>The body that an endpoint takes.</summary>
/// <param name="Json">What the JSON is.</param>
/// <param name="Files">Other content types.</param>
internal sealed record TakenBody(Type Json, IReadOnlyList<string> Files);
