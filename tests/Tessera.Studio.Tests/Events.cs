using System.Text.Json;

namespace Tessera.Studio.Tests;

/// <summary>An event of a stream.</summary>
internal sealed record Event(string? Id, string Name, JsonElement Data);

/// <summary>Reads a stream of server-sent events.</summary>
internal sealed class Events : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private Events(HttpResponseMessage response, StreamReader reader) => (_response, _reader) = (response, reader);

    public static async Task<Events> Open(Studio studio, string path, string? lastId = null)
    {
        HttpResponseMessage response = await studio.Send(
            HttpMethod.Get, path, null, lastId is null ? [] : [("Last-Event-ID", lastId)]);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Stream stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        return new Events(response, new StreamReader(stream));
    }

    /// <summary>The next event; null at the end of the stream.</summary>
    public async Task<Event?> Next()
    {
        string? id = null, name = null;
        while (await _reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                return new Event(id, name!, JsonDocument.Parse(line[6..]).RootElement);
        }
        return null;
    }

    /// <summary>The next event of a name.</summary>
    public async Task<Event> Next(string name)
    {
        while (await Next() is { } next)
        {
            if (next.Name == name) return next;
        }
        Assert.Fail($"the stream ended without the event {name}");
        return null!;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }
}
