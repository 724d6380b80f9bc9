using System.Security.Cryptography;
using Tessera.Data;
using static Tessera.Tests.Data.CifarFiles;

namespace Tessera.Tests.Data;

public sealed class CifarDownloadTests : IDisposable
{
    private static readonly byte[] Original = Archive("cifar-10-batches-bin", Binary());

    private readonly TemporaryFolder _folder = new();
    private readonly List<DownloadProgress> _progress = [];

    public void Dispose() => _folder.Dispose();

    private string ArchivePath => _folder["cifar-10-binary.tar.gz"];

    private string PartPath => ArchivePath + ".part";

    [Fact]
    public void The_published_source_is_the_default()
    {
        var options = new CifarDownloadOptions();
        Assert.Equal("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", options.Source.AbsoluteUri);
        Assert.Equal("c32a1d4ab5d03f1284b67883e8d87530", options.Md5);
    }

    [Fact]
    public async Task A_good_server_is_fetched_verified_and_unpacked()
    {
        using var server = new LoopbackServer(request => request.ServeAsync(Original));
        string batches = await FetchAsync(server);
        Assert.Equal(_folder["cifar-10-batches-bin"], batches);
        CheckUnpacked();
        Assert.Equal([null], server.Ranges);
        Assert.Equal(new DownloadProgress(0, Original.Length), _progress[0]);
        Assert.Equal(new DownloadProgress(Original.Length, Original.Length), _progress[^1]);
        Assert.Equal(_progress.OrderBy(progress => progress.Received), _progress);
    }

    [Fact]
    public async Task A_partial_file_is_resumed()
    {
        File.WriteAllBytes(PartPath, Original[..1000]);
        using var server = new LoopbackServer(request => request.ServeAsync(Original));
        await FetchAsync(server);
        CheckUnpacked();
        Assert.Equal([1000], server.Ranges);
        Assert.Equal(new DownloadProgress(1000, Original.Length), _progress[0]);
    }

    [Fact]
    public async Task A_server_that_ignores_Range_restarts_the_download()
    {
        File.WriteAllBytes(PartPath, new byte[1000]);
        using var server = new LoopbackServer(request => request.SendAsync("200 OK", Original));
        await FetchAsync(server);
        CheckUnpacked();
        Assert.Single(server.Ranges);
    }

    [Fact]
    public async Task A_server_that_sends_another_part_restarts_the_download()
    {
        File.WriteAllBytes(PartPath, Original[..1000]);
        using var server = new LoopbackServer(request => request.From is null
            ? request.ServeAsync(Original)
            : request.SendAsync(
                "206 Partial Content", Original[10..],
                $"Content-Range: bytes 10-{Original.Length - 1}/{Original.Length}"));
        await FetchAsync(server);
        CheckUnpacked();
        Assert.Equal([1000, null], server.Ranges);
    }

    [Fact]
    public async Task A_complete_partial_file_is_used()
    {
        File.WriteAllBytes(PartPath, Original);
        using var server = new LoopbackServer(request => request.ServeAsync(Original));
        await FetchAsync(server);
        CheckUnpacked();
        Assert.Equal([Original.Length], server.Ranges);
    }

    [Fact]
    public async Task A_partial_file_longer_than_the_archive_restarts_the_download()
    {
        File.WriteAllBytes(PartPath, new byte[Original.Length + 5]);
        using var server = new LoopbackServer(request => request.ServeAsync(Original));
        await FetchAsync(server);
        CheckUnpacked();
        Assert.Equal([Original.Length + 5, null], server.Ranges);
    }

    [Fact]
    public async Task A_broken_connection_is_resumed_where_it_broke()
    {
        using var server = new LoopbackServer(request => request.Number <= 6
            ? request.SendAsync(
                request.From is null ? "200 OK" : "206 Partial Content", Original[(int)(request.From ?? 0)..],
                $"Content-Range: bytes {request.From ?? 0}-{Original.Length - 1}/{Original.Length}", cut: 700)
            : request.ServeAsync(Original));
        await FetchAsync(server);
        CheckUnpacked();
        Assert.Equal([null, 700, 1400, 2100, 2800, 3500, 4200], server.Ranges);
    }

    [Fact]
    public async Task A_server_that_always_breaks_off_at_the_same_place_is_an_error()
    {
        using var server = new LoopbackServer(request => request.SendAsync("200 OK", Original, cut: 700));
        InputException e = await RefusedAsync(server);
        Assert.Contains("the connection broke", e.Message, StringComparison.Ordinal);
        // One attempt with new bytes, one without, and two retries.
        Assert.Equal([null, 700, 700, 700], server.Ranges);
        Assert.Equal(700, new FileInfo(PartPath).Length);
    }

    [Fact]
    public async Task A_stream_without_a_length_that_ends_early_is_resumed()
    {
        using var server = new LoopbackServer(request => request.Number == 1
            ? request.SendAsync("200 OK", Original, cut: 900, stateLength: false)
            : request.ServeAsync(Original));
        await FetchAsync(server);
        CheckUnpacked();
        Assert.Equal([null, 900], server.Ranges);
        Assert.Null(_progress[0].Total);
    }

    [Fact]
    public async Task A_stall_is_noticed_and_resumed()
    {
        using var server = new LoopbackServer(async request =>
        {
            if (request.Number > 1)
            {
                await request.ServeAsync(Original);
                return;
            }
            await request.SendAsync("200 OK", Original, cut: 500);
            await request.StallAsync();
        });
        // Long enough for a busy machine, because the assertion below counts the requests.
        await FetchAsync(server, stall: TimeSpan.FromSeconds(1.5));
        CheckUnpacked();
        Assert.Equal([null, 500], server.Ranges);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_an_error()
    {
        using var server = new LoopbackServer(request => request.StallAsync());
        InputException e = await RefusedAsync(server, stall: TimeSpan.FromMilliseconds(60));
        Assert.Contains("nothing came for 0.1 seconds", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("404 Not Found", 1)]
    [InlineData("403 Forbidden", 1)]
    [InlineData("500 Internal Server Error", 3)]
    [InlineData("503 Service Unavailable", 3)]
    [InlineData("429 Too Many Requests", 3)]
    public async Task A_server_error_is_reported_with_the_manual_way(string status, int attempts)
    {
        File.WriteAllBytes(PartPath, Original[..1000]);
        using var server = new LoopbackServer(request => request.SendAsync(status, "sorry"u8.ToArray()));
        InputException e = await RefusedAsync(server);
        Assert.Contains(status[..3], e.Message, StringComparison.Ordinal);
        Assert.Contains("yourself", e.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, e.Message, StringComparison.Ordinal);
        Assert.Equal(attempts, server.Ranges.Count);
        Assert.Equal(Original[..1000], File.ReadAllBytes(PartPath));
    }

    [Fact]
    public async Task A_temporary_error_is_retried()
    {
        using var server = new LoopbackServer(request => request.Number <= 2
            ? request.SendAsync("503 Service Unavailable", [])
            : request.ServeAsync(Original));
        await FetchAsync(server);
        CheckUnpacked();
    }

    [Fact]
    public async Task Wrong_bytes_are_removed()
    {
        byte[] wrong = [.. Original];
        wrong[500] ^= 1;
        using var server = new LoopbackServer(request => request.ServeAsync(wrong));
        InputException e = await RefusedAsync(server);
        Assert.Contains("MD5", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_page_in_place_of_the_archive_is_removed()
    {
        using var server = new LoopbackServer(
            request => request.SendAsync("200 OK", "<html>Please log in</html>"u8.ToArray()));
        Assert.Contains("MD5", (await RefusedAsync(server)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_server_that_sends_too_much_is_an_error()
    {
        using var server = new LoopbackServer(
            request => request.SendAsync("200 OK", new byte[Original.Length + 1_000_000], stateLength: false));
        Assert.Contains("more than", (await RefusedAsync(server)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task An_unreachable_server_is_an_error()
    {
        Uri address;
        using (var server = new LoopbackServer(request => request.StallAsync())) address = server.Address;
        InputException e = await Assert.ThrowsAsync<InputException>(
            () => CifarDownload.RunAsync(_folder.Path, Options(address), null, TestContext.Current.CancellationToken));
        Assert.Contains($"download {address} yourself", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Cancelling_keeps_the_partial_file()
    {
        using var cancellation = new CancellationTokenSource();
        using var server = new LoopbackServer(async request =>
        {
            if (request.Number > 1)
            {
                await request.ServeAsync(Original);
                return;
            }
            await request.SendAsync("200 OK", Original, cut: 600);
            await request.StallAsync();
        });
        var progress = new Reporter(report =>
        {
            if (report.Received == 600) cancellation.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => CifarDownload.RunAsync(_folder.Path, Options(server.Address), progress, cancellation.Token));
        Assert.Equal(Original[..600], File.ReadAllBytes(PartPath));
        await FetchAsync(server);
        CheckUnpacked();
        Assert.Equal([null, 600], server.Ranges);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_created_is_an_error()
    {
        string file = _folder.Write("file", [1]);
        using var server = new LoopbackServer(request => request.ServeAsync(Original));
        InputException e = await Assert.ThrowsAsync<InputException>(() => CifarDownload.RunAsync(
            Path.Combine(file, "below"), Options(server.Address), null, TestContext.Current.CancellationToken));
        Assert.Contains("cannot write", e.Message, StringComparison.Ordinal);
        Assert.Contains("choose another place", e.Message, StringComparison.Ordinal);
        Assert.Empty(server.Ranges);
    }

    [Fact]
    public async Task A_full_disk_is_an_error()
    {
        if (!File.Exists("/dev/full")) Assert.Skip("This system has no /dev/full, the device that is always full.");
        File.CreateSymbolicLink(PartPath, "/dev/full");
        using var server = new LoopbackServer(request => request.ServeAsync(Original));
        InputException e = await RefusedAsync(server);
        Assert.Contains("cannot write", e.Message, StringComparison.Ordinal);
        Assert.Contains("the disk is full", e.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Existing_files_are_not_downloaded_again()
    {
        using var server = new LoopbackServer(request => request.ServeAsync(Original));
        await FetchAsync(server);
        await FetchAsync(server);
        Assert.Single(server.Ranges);

        // A deleted batch is restored from the archive, and other files in the folder stay.
        File.Delete(_folder["cifar-10-batches-bin", "data_batch_3.bin"]);
        _folder.Write("cifar-10-batches-bin/mine.txt", [1]);
        await FetchAsync(server);
        CheckUnpacked();
        Assert.Single(server.Ranges);
        Assert.True(File.Exists(_folder["cifar-10-batches-bin", "mine.txt"]));
    }

    [Fact]
    public async Task A_damaged_archive_is_fetched_again()
    {
        File.WriteAllBytes(ArchivePath, Original[..^9]);
        using var server = new LoopbackServer(request => request.ServeAsync(Original));
        await FetchAsync(server);
        CheckUnpacked();
        Assert.Equal(Original, File.ReadAllBytes(ArchivePath));
    }

    [Theory]
    [InlineData("../../evil")]
    [InlineData("/tmp/evil")]
    public async Task Paths_in_the_archive_do_not_lead_out_of_the_folder(string top)
    {
        byte[] archive = Archive(top, Binary());
        using var server = new LoopbackServer(request => request.ServeAsync(archive));
        await CifarDownload.RunAsync(
            _folder["data"], Options(server.Address, archive), null, TestContext.Current.CancellationToken);
        Assert.Equal([_folder["data"]], Directory.GetFileSystemEntries(_folder.Path));
        Assert.Equal(6, Directory.GetFiles(_folder["data", "cifar-10-batches-bin"]).Length);
    }

    [Fact]
    public async Task An_archive_without_all_batches_leaves_no_folder()
    {
        Dictionary<string, byte[]> files = Binary();
        files.Remove("test_batch.bin");
        byte[] archive = Archive("cifar-10-batches-bin", files);
        using var server = new LoopbackServer(request => request.ServeAsync(archive));
        DataSetException e = await Assert.ThrowsAsync<DataSetException>(() => CifarDownload.RunAsync(
            _folder.Path, Options(server.Address, archive), null, TestContext.Current.CancellationToken));
        Assert.Contains("lacks test_batch.bin", e.Message, StringComparison.Ordinal);
        Assert.Equal([ArchivePath], Directory.GetFileSystemEntries(_folder.Path));
    }

    private Task<string> FetchAsync(LoopbackServer server, TimeSpan? stall = null) => CifarDownload.RunAsync(
        _folder.Path, Options(server.Address, stall: stall), new Reporter(_progress.Add),
        TestContext.Current.CancellationToken);

    private async Task<InputException> RefusedAsync(LoopbackServer server, TimeSpan? stall = null)
    {
        InputException e = await Assert.ThrowsAsync<InputException>(() => FetchAsync(server, stall));
        Assert.DoesNotContain('\n', e.Message);
        Assert.False(Directory.Exists(_folder["cifar-10-batches-bin"]));
        return e;
    }

    private static CifarDownloadOptions Options(Uri source, byte[]? archive = null, TimeSpan? stall = null) => new()
    {
        Source = source,
#pragma warning disable CA5351 // The authors publish an MD5.
        Md5 = Convert.ToHexStringLower(MD5.HashData(archive ?? Original)),
#pragma warning restore CA5351
        Length = (archive ?? Original).Length,
        StallTimeout = stall ?? TimeSpan.FromSeconds(20),
        Retries = 2,
        RetryDelay = TimeSpan.Zero,
    };

    private void CheckUnpacked()
    {
        string batches = _folder["cifar-10-batches-bin"];
        foreach ((string name, byte[] bytes) in Binary())
            Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(batches, name)));
        string[] left = Directory.GetFileSystemEntries(_folder.Path);
        Assert.Equal([batches, ArchivePath], left.Order(StringComparer.Ordinal));
        Assert.Equal(12, Cifar10.Load(_folder.Path, Split.All).Count);
    }

    private sealed class Reporter(Action<DownloadProgress> report) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => report(value);
    }
}
