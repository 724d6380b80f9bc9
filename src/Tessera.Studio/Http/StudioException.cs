namespace Tessera.Studio.Http;

/// <summary>An error that a request causes, with its status.</summary>
internal sealed class StudioException(int status, string message, string? option = null) : Exception(message)
{
    /// <summary>The HTTP status, 400 or more.</summary>
    public int Status { get; } = status;

    /// <summary>The setting or member at fault; null for none.</summary>
    public string? Option { get; } = option;

    /// <summary>Something that a request names is not there, or no longer.</summary>
    public static StudioException NotFound(string what) => new(StatusCodes.Status404NotFound, $"there is no {what}");

    /// <summary>A parameter or the body is wrong.</summary>
    public static StudioException Wrong(string message, string? option = null) =>
        new(StatusCodes.Status400BadRequest, message, option);

    /// <summary>The request does not fit the state.</summary>
    public static StudioException Conflict(string message) => new(StatusCodes.Status409Conflict, message);
}
