using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tessera.Studio.Http;

/// <summary>Writes server-sent events (the HTML standard, section 9.2) to one client.</summary>
internal sealed class EventStream
{
    /// <summary>The least time between two events of one kind.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(125);

    private const int MostOfOne = 64, MostStreams = 256;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);
    private static readonly Dictionary<string, int> Open = [];

    private readonly HttpResponse _response;
    private long _last = Environment.TickCount64;

    private EventStream(HttpResponse response) => _response = response;

    /// <summary>Opens the stream of a request, and serves it until the work ends or the client is gone.</summary>
    /// <exception cref="StudioException">There are too many streams.</exception>
    public static async Task Serve(HttpContext context, Func<EventStream, CancellationToken, Task> work)
    {
        var lifetime = context.RequestServices.GetRequiredService<IHostApplicationLifetime>();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, lifetime.ApplicationStopping);
        string client = Sessions.ClientOf(context);
        Enter(client);
        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            var stream = new EventStream(context.Response);
            await context.Response.WriteAsync("retry: 1000\n\n", ended.Token);
            await context.Response.Body.FlushAsync(ended.Token);
            await work(stream, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client is gone, or the studio ends.
        }
        finally
        {
            Leave(client);
        }
    }

    /// <summary>Counts a stream of a client: one must not take them all from the others.</summary>
    internal static void Enter(string client)
    {
        lock (Open)
        {
            int own = Open.GetValueOrDefault(client);
            if (own >= MostOfOne || Open.Values.Sum() >= MostStreams)
                throw new StudioException(
                    StatusCodes.Status429TooManyRequests,
                    $"there are {(own >= MostOfOne ? own : MostStreams)} event streams already; close a page");
            Open[client] = own + 1;
        }
    }

    /// <summary>The stream of a client has ended.</summary>
    internal static void Leave(string client)
    {
        lock (Open)
        {
            if (--Open[client] == 0) Open.Remove(client);
        }
    }

    /// <summary>Sends an event.</summary>
    /// <param name="id">What a client that reconnects sends back; null for none.</param>
    /// <param name="name">The event.</param>
    /// <param name="data">Its data.</param>
    /// <param name="type">The data's JSON.</param>
    /// <param name="cancellation">Ends the stream.</param>
    public async Task Send<T>(string? id, string name, T data, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var buffer = new ArrayBufferWriter<byte>();
        if (id is not null) Encoding.UTF8.GetBytes($"id: {id}\n", buffer);
        Encoding.UTF8.GetBytes($"event: {name}\ndata: ", buffer);
        // JSON of this context has no line breaks.
        using (var writer = new Utf8JsonWriter(buffer)) JsonSerializer.Serialize(writer, data, type);
        Encoding.UTF8.GetBytes("\n\n", buffer);
        await Write(buffer.WrittenMemory, cancellation);
    }

    /// <summary>Shows the client that the stream is alive, if nothing was sent for a while.</summary>
    public Task KeepAlive(CancellationToken cancellation) =>
        Environment.TickCount64 - _last < Silence.TotalMilliseconds
            ? Task.CompletedTask
            : Write(": alive\n\n"u8.ToArray(), cancellation);

    private async Task Write(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await _response.Body.WriteAsync(bytes, cancellation);
        await _response.Body.FlushAsync(cancellation);
        _last = Environment.TickCount64;
    }
}
