using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tessera.Cli.Studio;

namespace Tessera.Studio.Tests;

/// <summary>A studio on a free port of the loopback interface, and a client of it.</summary>
internal sealed class Studio : IAsyncDisposable
{
    private readonly StudioServer _server;

    private Studio(StudioServer server)
    {
        _server = server;
        var handler =
            new SocketsHttpHandler { UseCookies = false, AutomaticDecompression = DecompressionMethods.None };
        Client = new HttpClient(handler)
        {
            BaseAddress = server.Address,
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    public HttpClient Client { get; }

    public Uri Address => _server.Address;

    public static Task<Studio> Start(params string[] paths) => Start(new StudioOptions { Paths = paths });

    public static async Task<Studio> Start(StudioOptions options) =>
        new(await StudioServer.StartAsync(options with { Port = 0 }, new StudioProgram()));

    /// <summary>Reads JSON; the request must succeed. Waits for what is computed.</summary>
    public async Task<JsonElement> Get(string path)
    {
        while (true)
        {
            using HttpResponseMessage response = await Client.GetAsync(path, Cancellation);
            JsonElement answer = await Json(response, path);
            if (response.StatusCode != HttpStatusCode.Accepted) return answer;
            await Task.Delay(20, Cancellation);
        }
    }

    /// <summary>Reads bytes; the request must succeed. Waits for what is computed.</summary>
    public async Task<byte[]> Bytes(string path, string type = "image/png")
    {
        while (true)
        {
            using HttpResponseMessage response = await Client.GetAsync(path, Cancellation);
            if (response.StatusCode == HttpStatusCode.Accepted)
            {
                await Task.Delay(20, Cancellation);
                continue;
            }
            string text = response.IsSuccessStatusCode ? "" : await response.Content.ReadAsStringAsync(Cancellation);
            Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode} {text}");
            Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
            return await response.Content.ReadAsByteArrayAsync(Cancellation);
        }
    }

    /// <summary>Posts JSON and reads JSON; the request must succeed.</summary>
    public async Task<JsonElement> Post(string path, string json)
    {
        using HttpResponseMessage response = await Send(HttpMethod.Post, path, json);
        return await Json(response, path);
    }

    /// <summary>A request must be refused with a status and one line. Waits for what is computed.</summary>
    /// <returns>The line.</returns>
    public async Task<string> Refused(HttpStatusCode status, HttpMethod method, string path, string? json = null)
    {
        while (true)
        {
            using HttpResponseMessage response = await Send(method, path, json);
            if (method != HttpMethod.Get || response.StatusCode != HttpStatusCode.Accepted)
                return await Refused(status, response);
            await Task.Delay(20, Cancellation);
        }
    }

    /// <summary>An answer must be an error with a status and one line.</summary>
    public static async Task<string> Refused(HttpStatusCode status, HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode} instead of {(int)status}: {body}");
        string error = JsonDocument.Parse(body).RootElement.GetProperty("error").GetString()!;
        Assert.DoesNotContain('\n', error);
        return error;
    }

    public async Task<HttpResponseMessage> Send(
        HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    /// <summary>Posts bytes.</summary>
    public async Task<HttpResponseMessage> Upload(string path, byte[] bytes, string type)
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return await Client.PostAsync(path, content, Cancellation);
    }

    /// <summary>The run of a name.</summary>
    public async Task<JsonElement> Run(string name)
    {
        JsonElement list = await Get("/api/runs");
        return list.GetProperty("runs").EnumerateArray().Single(run => run.GetProperty("name").GetString() == name);
    }

    /// <summary>The id of the run of a name.</summary>
    public async Task<string> Id(string name) => (await Run(name)).GetProperty("id").GetString()!;

    /// <summary>Waits until something holds.</summary>
    public static async Task Until(Func<Task<bool>> holds, string what)
    {
        for (int i = 0; i < 1200; i++)
        {
            if (await holds()) return;
            await Task.Delay(50, Cancellation);
        }
        Assert.Fail($"after a minute there is no sign of: {what}");
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<JsonElement> Json(HttpResponseMessage response, string path)
    {
        string body = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {body}");
        return JsonDocument.Parse(body).RootElement;
    }
}
