using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tessera.Tests.Data;

/// <summary>
/// A small HTTP server on the loopback interface. A callback answers the single request of each connection, possibly
/// wrongly, late or in part.
/// </summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<LoopbackRequest, Task> _answer;
    private readonly List<long?> _ranges = [];
    private readonly Task _serving;

    public LoopbackServer(Func<LoopbackRequest, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/cifar-10-binary.tar.gz");

    /// <summary>The first byte that each request asked for; null for the whole file.</summary>
    public IReadOnlyList<long?> Ranges => _ranges;

    public void Dispose()
    {
        _listener.Stop();
        _serving.GetAwaiter().GetResult();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                using NetworkStream stream = client.GetStream();
                long? from = await ReadRangeAsync(stream);
                _ranges.Add(from);
                await _answer(new LoopbackRequest(_ranges.Count, from, stream));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return; // Stopped.
            }
            catch (IOException)
            {
                // The client disconnected; some tests do that.
            }
        }
    }

    private static async Task<long?> ReadRangeAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        long? from = null;
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            const string Range = "Range: bytes=";
            if (line.StartsWith(Range, StringComparison.OrdinalIgnoreCase))
                from = long.Parse(line[Range.Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
        }
        return from;
    }
}

/// <summary>A request: its number from 1, the first byte it asks for, and the stream for the response.</summary>
internal sealed record LoopbackRequest(int Number, long? From, NetworkStream Stream)
{
    /// <summary>Answers correctly: the whole file, the rest, or 416.</summary>
    public Task ServeAsync(byte[] file)
    {
        if (From is not long from) return SendAsync("200 OK", file);
        return from < file.Length
            ? SendAsync(
                "206 Partial Content", file[(int)from..],
                $"Content-Range: bytes {from}-{file.Length - 1}/{file.Length}")
            : SendAsync("416 Range Not Satisfiable", [], $"Content-Range: bytes */{file.Length}");
    }

    /// <summary>Sends a status, an optional header line, and a body, cut after <paramref name="cut"/> bytes.</summary>
    public async Task SendAsync(
        string status, byte[] body, string? header = null, int? cut = null, bool stateLength = true)
    {
        string head = $"HTTP/1.1 {status}\r\nConnection: close\r\n"
            + (stateLength ? $"Content-Length: {body.Length}\r\n" : "")
            + (header is null ? "" : header + "\r\n") + "\r\n";
        await Stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        await Stream.WriteAsync(body.AsMemory(0, cut ?? body.Length));
        await Stream.FlushAsync();
    }

    /// <summary>Waits until the client disconnects.</summary>
    public async Task StallAsync() => _ = await Stream.ReadAsync(new byte[1]);
}
