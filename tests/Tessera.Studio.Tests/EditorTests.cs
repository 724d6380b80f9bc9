using System.Net;
using System.Text;
using System.Text.Json;
using Tessera.Imaging;
using Tessera.Tokens;

namespace Tessera.Studio.Tests;

/// <summary>The token editor's answers are those of the library.</summary>
public sealed class EditorTests(TinyRuns tiny)
{
    [Fact]
    public async Task An_image_of_the_test_split_is_encoded_and_decoded_as_by_the_library()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        JsonElement encoded = await studio.Post($"/api/runs/{id}/encode", """{"split":"test","number":2}""");
        int[] codes = Codes(encoded);
        using var tokenizer = Tokenizer.Open(Path.Combine(tiny.Runs, "plain"));
        Image original = ImageFile.Decode(encoded.GetProperty("original").GetBytesFromBase64());
        Assert.Equal(tokenizer.Encode(original), codes);
        Assert.Equal("cube", encoded.GetProperty("label").GetString());
        Assert.Equal(original.Pixels, ImageFile.Decode(await studio.Bytes($"/api/runs/{id}/images/2.png")).Pixels);

        string body = $$"""{"rows":4,"columns":4,"codes":{{JsonSerializer.Serialize(codes)}}}""";
        Image expected = tokenizer.Decode(codes, 4, 4);
        using HttpResponseMessage png = await studio.Send(HttpMethod.Post, $"/api/runs/{id}/decode", body);
        Assert.Equal("image/png", png.Content.Headers.ContentType!.MediaType);
        Assert.Equal(expected.Pixels, ImageFile.Decode(await Bytes(png)).Pixels);
        using HttpResponseMessage raw = await studio.Send(
            HttpMethod.Post, $"/api/runs/{id}/decode", body, ("Accept", "application/octet-stream"));
        Assert.Equal(["16"], raw.Headers.GetValues("X-Image-Width"));
        byte[] rgba = await Bytes(raw);
        Assert.Equal(16 * 16 * 4, rgba.Length);
        Assert.Equal(expected.Pixels.Take(3).Append((byte)255), rgba.Take(4));
    }

    [Fact]
    public async Task An_uploaded_image_is_scaled_to_the_run_or_kept_at_its_size()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        byte[] file = ImageFile.EncodePng(Image.Black(41, 30, 3));
        using HttpResponseMessage fitted = await studio.Upload($"/api/runs/{id}/encode", file, "image/png");
        JsonElement answer = JsonDocument.Parse(await Bytes(fitted)).RootElement;
        Assert.Equal((4, 4, true), (
            answer.GetProperty("rows").GetInt32(), answer.GetProperty("columns").GetInt32(),
            answer.GetProperty("scaled").GetBoolean()));
        using HttpResponseMessage native =
            await studio.Upload($"/api/runs/{id}/encode?size=native", file, "application/octet-stream");
        answer = JsonDocument.Parse(await Bytes(native)).RootElement;
        Assert.Equal((7, 10), (answer.GetProperty("rows").GetInt32(), answer.GetProperty("columns").GetInt32()));
    }

    [Fact]
    public async Task An_upload_that_is_no_image_or_declares_too_many_pixels_is_refused()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string address = $"/api/runs/{await studio.Id("plain")}/encode";
        using HttpResponseMessage text = await studio.Upload(address, "not an image"u8.ToArray(), "image/png");
        await Studio.Refused(HttpStatusCode.UnprocessableEntity, text);
        byte[] file = ImageFile.EncodePng(Image.Black(4, 4, 3));
        // The width and height of a PNG stand at byte 16.
        Encoding.ASCII.GetBytes("\0\0\x7f\x7f\0\0\x7f\x7f").CopyTo(file, 16);
        using HttpResponseMessage bomb = await studio.Upload(address, file, "image/png");
        await Studio.Refused(HttpStatusCode.UnprocessableEntity, bomb);
        using HttpResponseMessage empty = await studio.Upload(address, [], "image/png");
        await Studio.Refused(HttpStatusCode.UnprocessableEntity, empty);
    }

    [Theory]
    [InlineData("""{"rows":4,"columns":4,"codes":[1,2]}""", "codes")]
    [InlineData("""{"rows":1,"columns":1,"codes":[16]}""", "codes")]
    [InlineData("""{"rows":1,"columns":1,"codes":[-1]}""", "codes")]
    [InlineData("""{"rows":0,"columns":1,"codes":[]}""", "rows")]
    [InlineData("""{"rows":1,"columns":100000,"codes":[]}""", "columns")]
    [InlineData("""{"rows":1,"columns":1,"codes":[1],"images":65}""", "images")]
    public async Task Codes_that_no_model_takes_are_refused(string body, string option)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        using HttpResponseMessage response = await studio.Send(HttpMethod.Post, $"/api/runs/{id}/decode", body);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, text);
        Assert.Equal(option, JsonDocument.Parse(text).RootElement.GetProperty("option").GetString());
    }

    [Theory]
    [InlineData("json", "application/json")]
    [InlineData("npy", "application/octet-stream")]
    public async Task Exported_codes_are_imported_again(string format, string type)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        string codes = JsonSerializer.Serialize(Enumerable.Range(0, 16));
        using HttpResponseMessage file = await studio.Send(
            HttpMethod.Post, $"/api/runs/{id}/export",
            $$"""{"rows":2,"columns":8,"codes":{{codes}},"format":"{{format}}"}""");
        Assert.Equal("attachment", file.Content.Headers.ContentDisposition?.DispositionType);
        using HttpResponseMessage imported = await studio.Upload($"/api/runs/{id}/import", await Bytes(file), type);
        JsonElement answer = JsonDocument.Parse(await Bytes(imported)).RootElement;
        Assert.Equal(Enumerable.Range(0, 16), Codes(answer));
        Assert.Equal(2, answer.GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task The_prior_says_what_is_likely_at_a_place_given_what_comes_before()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        JsonElement model = await studio.Get($"/api/runs/{id}/model");
        Assert.Equal(
            ["cube", "sphere"],
            model.GetProperty("prior").GetProperty("classes").EnumerateArray().Select(name => name.GetString()));
        int[] codes = [.. Enumerable.Range(0, 16)];
        JsonElement likely = await studio.Post(
            $"/api/runs/{id}/likely",
            $$"""{"codes":{{JsonSerializer.Serialize(codes)}},"place":5,"class":"cube","count":16}""");
        double[] probabilities = [.. likely.GetProperty("probabilities").EnumerateArray().Select(p => p.GetDouble())];
        Assert.Equal(1, probabilities.Sum(), 1e-9);
        Assert.Equal(probabilities.OrderDescending(), probabilities);
        JsonElement current = likely.GetProperty("current");
        Assert.Equal(5, current.GetProperty("code").GetInt32());
        // The likeliest has rank 0.
        Assert.Equal(
            Array.IndexOf(Codes(likely), 5), current.GetProperty("rank").GetInt32());

        JsonElement nats = await studio.Post(
            $"/api/runs/{id}/nats", $$"""{"codes":{{JsonSerializer.Serialize(codes)}},"class":"cube"}""");
        Assert.Equal(
            -Math.Log(current.GetProperty("probability").GetDouble()),
            nats.GetProperty("nats")[5].GetDouble(), 1e-4);
        await studio.Refused(
            HttpStatusCode.BadRequest, HttpMethod.Post, $"/api/runs/{id}/likely",
            $$"""{"codes":{{JsonSerializer.Serialize(codes)}},"place":16}""");
        await studio.Refused(
            HttpStatusCode.BadRequest, HttpMethod.Post, $"/api/runs/{id}/likely",
            $$"""{"codes":{{JsonSerializer.Serialize(codes)}},"place":0,"class":"cat"}""");
        await studio.Refused(
            HttpStatusCode.Conflict, HttpMethod.Post, $"/api/runs/{await studio.Id("other")}/likely",
            $$"""{"codes":{{JsonSerializer.Serialize(codes)}},"place":0}""");
    }

    [Theory]
    [InlineData("latents")]
    [InlineData("codes")]
    public async Task Between_two_images_the_ends_are_the_images(string space)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        int[] from = [.. Enumerable.Range(0, 16)], to = [.. Enumerable.Repeat(3, 16)];
        JsonElement answer = await studio.Post(
            $"/api/runs/{id}/interpolate",
            $$"""
            {"rows":4,"columns":4,"from":{{JsonSerializer.Serialize(from)}},"to":{{JsonSerializer.Serialize(to)}},
             "steps":5,"space":"{{space}}"}
            """);
        JsonElement[] frames = [.. answer.GetProperty("frames").EnumerateArray()];
        Assert.Equal(5, frames.Length);
        Assert.Equal(from, Codes(frames[0]));
        Assert.Equal(to, Codes(frames[4]));
        using var tokenizer = Tokenizer.Open(Path.Combine(tiny.Runs, "plain"));
        Image last = ImageFile.Decode(frames[4].GetProperty("image").GetBytesFromBase64());
        Assert.Equal(tokenizer.Decode(to, 4, 4).Pixels, last.Pixels);
    }

    [Fact]
    public async Task Frames_that_are_too_large_together_are_refused()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string codes = JsonSerializer.Serialize(new int[64 * 64]);
        string error = await studio.Refused(
            HttpStatusCode.BadRequest, HttpMethod.Post, $"/api/runs/{await studio.Id("plain")}/interpolate",
            $$"""{"rows":64,"columns":64,"from":{{codes}},"to":{{codes}},"steps":17}""");
        Assert.Contains("fewer steps", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_images_of_a_split_are_listed_and_shown_in_a_strip()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        JsonElement images = await studio.Get($"/api/runs/{id}/images");
        Assert.Equal(TinyRuns.TestCount, images.GetProperty("count").GetInt32());
        Image strip = ImageFile.Decode(await studio.Bytes($"/api/runs/{id}/images/strip.png?from=4&count=9"));
        Assert.Equal((2 * 16, 16), (strip.Width, strip.Height));
        Assert.Equal(16, ImageFile.Decode(await studio.Bytes($"/api/runs/{id}/images/7.png?split=shapes")).Width);
        await studio.Refused(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/runs/{id}/images/99.png");
        await studio.Refused(HttpStatusCode.BadRequest, HttpMethod.Get, $"/api/runs/{id}/images?split=none");
    }

    [Fact]
    public async Task Only_a_tokenizer_with_weights_has_a_model()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        await studio.Refused(
            HttpStatusCode.Conflict, HttpMethod.Get, $"/api/runs/{await studio.Id("plain/prior")}/model");
        await studio.Refused(HttpStatusCode.NotFound, HttpMethod.Get, "/api/runs/0123456789ab/model");
    }

    private static int[] Codes(JsonElement answer) =>
        [.. answer.GetProperty("codes").EnumerateArray().Select(code => code.GetInt32())];

    private static Task<byte[]> Bytes(HttpResponseMessage response) =>
        response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
}
