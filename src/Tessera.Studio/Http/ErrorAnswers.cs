using System.Text.Json;
using Tessera.Files;
using Tessera.Studio.Contract;

namespace Tessera.Studio.Http;

/// <summary>Turns what goes wrong into an answer of one line.</summary>
internal static class ErrorAnswers
{
    /// <summary>Answers a request; what it throws becomes an error.</summary>
    public static async Task Handle(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            // What the framework refuses has no body: a parameter of a wrong kind, a wrong method.
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
                await Write(context, context.Response.StatusCode, TextOf(context));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            (int status, string? option) = Describe(e, out string message);
            await Write(context, status, message, option);
        }
    }

    /// <summary>Writes an error.</summary>
    public static Task Write(HttpContext context, int status, string message, string? option = null)
    {
        context.Response.Clear();
        context.Response.StatusCode = status;
        ResponseHeaders.AddTo(context.Response);
        return context.Response.WriteAsJsonAsync(
            new ErrorAnswer(message.ReplaceLineEndings(" "), option), StudioJson.Default.ErrorAnswer);
    }

    /// <summary>What to tell a user of an exception.</summary>
    public static string MessageOf(Exception e)
    {
        Describe(e, out string message);
        return message;
    }

    private static string TextOf(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status400BadRequest => $"a parameter of {context.Request.Path} is wrong",
        StatusCodes.Status404NotFound => $"there is no {context.Request.Path}",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Method} is not for {context.Request.Path}",
        StatusCodes.Status415UnsupportedMediaType => "the body must be application/json",
        var other => $"the request cannot be answered ({other})",
    };

    private static (int Status, string? Option) Describe(Exception e, out string message)
    {
        message = e.Message;
        switch (e)
        {
            case StudioException known:
                return (known.Status, known.Option);
            case BadHttpRequestException { InnerException: JsonException json }:
                message = $"the body cannot be read: {json.Message}";
                return (StatusCodes.Status400BadRequest, null);
            case BadHttpRequestException bad:
                return (bad.StatusCode, null);
            case JsonException:
                message = $"the body cannot be read: {e.Message}";
                return (StatusCodes.Status400BadRequest, null);
            case InputException input:
                return (StatusCodes.Status422UnprocessableEntity, input.Option);
            case FileNotFoundException or DirectoryNotFoundException:
                message = "the run was deleted or moved";
                return (StatusCodes.Status404NotFound, null);
            case { } file when FileErrors.IsFileError(file):
                return (StatusCodes.Status422UnprocessableEntity, null);
            default:
                message = $"{e.GetType().Name}: {e.Message} (this is a bug)";
                return (StatusCodes.Status500InternalServerError, null);
        }
    }
}
