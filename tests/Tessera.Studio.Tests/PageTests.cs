using System.IO.Compression;
using System.Net;
using System.Text;

namespace Tessera.Studio.Tests;

public sealed class PageTests(TinyRuns tiny)
{
    [Fact]
    public async Task The_first_page_is_compressed_and_not_sent_twice()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string plain = Encoding.UTF8.GetString(await studio.Bytes("/", "text/html"));
        Assert.Contains("<!doctype html>", plain, StringComparison.OrdinalIgnoreCase);

        using HttpResponseMessage compressed =
            await studio.Send(HttpMethod.Get, "/", null, ("Accept-Encoding", "gzip, br"));
        Assert.Equal("br", Assert.Single(compressed.Content.Headers.ContentEncoding));
        await using var stream = new BrotliStream(
            await compressed.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken),
            CompressionMode.Decompress);
        using var reader = new StreamReader(stream);
        Assert.Equal(plain, await reader.ReadToEndAsync(TestContext.Current.CancellationToken));

        using HttpResponseMessage again =
            await studio.Send(HttpMethod.Get, "/", null, ("If-None-Match", compressed.Headers.ETag!.Tag));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task Addresses_of_pages_lead_to_the_first_page_and_unknown_files_nowhere()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        Assert.Equal(await studio.Bytes("/", "text/html"), await studio.Bytes("/runs/0123456789ab/live", "text/html"));
        await studio.Refused(HttpStatusCode.NotFound, HttpMethod.Get, "/none.js");
        await studio.Refused(HttpStatusCode.NotFound, HttpMethod.Get, "/api/none");
        await studio.Refused(HttpStatusCode.MethodNotAllowed, HttpMethod.Delete, "/");
    }

    [Fact]
    public async Task A_taken_port_is_one_line_that_names_it()
    {
        await using StudioServer first = await StudioServer.StartAsync(
            new StudioOptions { Paths = [tiny.Runs], Port = 0 }, new Cli.Studio.StudioProgram());
        var options = new StudioOptions { Paths = [tiny.Runs], Port = first.Address.Port };
        InputException error = await Assert.ThrowsAsync<InputException>(
            () => StudioServer.StartAsync(options, new Cli.Studio.StudioProgram()));
        Assert.Contains($"{first.Address.Port}", error.Message, StringComparison.Ordinal);
        Assert.Equal(nameof(StudioOptions.Port), error.Option);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_one_line_that_names_the_host()
    {
        // An address for documentation, which no machine has (RFC 5737).
        var options = new StudioOptions { Host = "192.0.2.1", Token = "a token of enough letters", Port = 0 };
        InputException error = await Assert.ThrowsAsync<InputException>(
            () => StudioServer.StartAsync(options, new Cli.Studio.StudioProgram()));
        Assert.Equal(nameof(StudioOptions.Host), error.Option);
        Assert.StartsWith("Host 192.0.2.1 ", error.Message, StringComparison.Ordinal);
    }
}
