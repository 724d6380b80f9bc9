using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Tessera.Data;

/// <summary>
/// Downloads one file by HTTP into a partial file, which may exist from an earlier attempt. Requests the rest with a
/// Range request (RFC 9110, section 14), or starts again if the server does not support that. Retries after a stall or
/// a broken connection; attempts without new bytes are limited. The caller must verify the content.
/// </summary>
internal sealed class ResumableDownload : IDisposable
{
    private const int BufferBytes = 1 << 17;
    private const string Broke = "the connection broke";

    private readonly string _part;
    private readonly CifarDownloadOptions _options;
    private readonly IProgress<DownloadProgress>? _progress;
    private readonly HttpClient _http;
    private long _received;

    public ResumableDownload(string part, CifarDownloadOptions options, IProgress<DownloadProgress>? progress)
    {
        _part = part;
        _options = options;
        _progress = progress;
        // Each attempt has a stall timeout, so there is no overall timeout. The rest of an abandoned response is not
        // drained.
        _http = new HttpClient(new SocketsHttpHandler { MaxResponseDrainSize = 0 })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Returns when the partial file is complete, as far as the server reports.</summary>
    /// <exception cref="InputException">The server cannot be reached, refuses, or sends too much.</exception>
    /// <exception cref="IOException">The partial file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        long most = PartLength();
        for (int fruitless = 0; ;)
        {
            string? problem = await AttemptAsync(cancellation).ConfigureAwait(false);
            if (problem is null) return;
            // Only bytes beyond the furthest point so far count as progress. Otherwise a server that always breaks off
            // at the same place would cause an endless loop.
            fruitless = _received > most ? 0 : fruitless + 1;
            most = Math.Max(most, _received);
            if (fruitless > _options.Retries) throw GivenUp(problem);
            await Task.Delay(_options.RetryDelay, cancellation).ConfigureAwait(false);
        }
    }

    public void Dispose() => _http.Dispose();

    // Returns null if the file is complete, or else a problem that another attempt may solve.
    private async Task<string?> AttemptAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_options.StallTimeout);
        _received = PartLength();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, _options.Source);
            if (_received > 0) request.Headers.Range = new RangeHeaderValue(_received, null);
            using HttpResponseMessage response = await _http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).ConfigureAwait(false);
            return response.StatusCode switch
            {
                HttpStatusCode.RequestedRangeNotSatisfiable when _received > 0 => EndOrRestart(response),
                HttpStatusCode.PartialContent when RangeStart(response) != _received => Restart("sent another part"),
                HttpStatusCode.OK or HttpStatusCode.PartialContent =>
                    await ReceiveAsync(response, patience, cancellation).ConfigureAwait(false),
                HttpStatusCode status when (int)status >= 500 || status is HttpStatusCode.TooManyRequests =>
                    Answer(status),
                HttpStatusCode status => throw GivenUp(Answer(status)),
            };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"nothing came for {Seconds(_options.StallTimeout)} seconds";
        }
        catch (HttpRequestException e)
        {
            return e.InnerException is IOException ? Broke : e.GetBaseException().Message.TrimEnd('.');
        }
    }

    private async Task<string?> ReceiveAsync(
        HttpResponseMessage response, CancellationTokenSource patience, CancellationToken cancellation)
    {
        bool isWhole = response.StatusCode == HttpStatusCode.OK;
        if (isWhole) _received = 0;
        long? total = _received + response.Content.Headers.ContentLength;
        using Stream content = await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
        bool ended;
        using (var file = new FileStream(
            _part, isWhole ? FileMode.Create : FileMode.Append, FileAccess.Write, FileShare.None,
            bufferSize: 0, useAsync: true))
        {
            ended = await CopyAsync(content, file, total, patience, cancellation).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
        }
        if (_received > _options.Length)
        {
            File.Delete(_part);
            throw GivenUp($"the server sent more than the archive's {_options.Length} bytes");
        }
        // Without a declared length, the end of the stream may be the end of the file or a broken connection.
        return ended && (total is not null || _received == _options.Length) ? null : Broke;
    }

    // Returns whether the content ended; stops early if the connection breaks or the content is too long.
    private async Task<bool> CopyAsync(
        Stream content, FileStream file, long? total, CancellationTokenSource patience, CancellationToken cancellation)
    {
        byte[] buffer = new byte[BufferBytes];
        _progress?.Report(new DownloadProgress(_received, total));
        while (_received <= _options.Length)
        {
            patience.CancelAfter(_options.StallTimeout);
            int count;
            try
            {
                count = await content.ReadAsync(buffer, patience.Token).ConfigureAwait(false);
            }
            catch (IOException)
            {
                return false;
            }
            if (count == 0) return true;
            await file.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
            _received += count;
            _progress?.Report(new DownloadProgress(_received, total));
        }
        return false;
    }

    // 416: the partial file is complete, or it belongs to another file.
    private string? EndOrRestart(HttpResponseMessage response) =>
        response.Content.Headers.ContentRange?.Length == _received ? null : Restart("refused to go on");

    private string Restart(string problem)
    {
        File.Delete(_part);
        return $"the server {problem}";
    }

    private long PartLength() => File.Exists(_part) ? new FileInfo(_part).Length : 0;

    private static long? RangeStart(HttpResponseMessage response) => response.Content.Headers.ContentRange?.From;

    private static string Answer(HttpStatusCode status) => $"the server answered {(int)status} {status}";

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);

    private InputException GivenUp(string problem) => new(
        $"CIFAR-10 could not be downloaded ({problem}); try again, " +
        $"or download {_options.Source} yourself and put it into {Path.GetDirectoryName(_part)}");
}
