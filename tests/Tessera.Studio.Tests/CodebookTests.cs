using System.Net;
using System.Text.Json;
using Tessera.Imaging;

namespace Tessera.Studio.Tests;

public sealed class CodebookTests(TinyRuns tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_atlas_has_a_tile_for_each_code_in_the_order_of_numbers()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        JsonElement atlas = await studio.Get($"/api/runs/{id}/atlas");
        Assert.Equal(Enumerable.Range(0, 16), Numbers(atlas.GetProperty("numbers")));
        JsonElement counted = await studio.Get($"/api/runs/{id}/atlas/counts");
        Assert.Equal(TinyRuns.TestCount, counted.GetProperty("images").GetInt32());
        Assert.Equal(
            TinyRuns.TestCount * 16, counted.GetProperty("counts").EnumerateArray().Sum(count => count.GetInt64()));
        int tile = atlas.GetProperty("tile").GetInt32();
        Image image = ImageFile.Decode(await studio.Bytes(atlas.GetProperty("url").GetString()!));
        Assert.Equal((16 * tile, tile), (image.Width, image.Height));
        Assert.Matches("^#[0-9a-f]{6}$", atlas.GetProperty("colors")[0].GetString());
    }

    [Fact]
    public async Task A_code_has_its_neighbours_its_uses_and_their_patches()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        long[] counts = await Counts(studio, id);
        int most = Array.IndexOf(counts, counts.Max());
        JsonElement code = await studio.Get($"/api/runs/{id}/codebook/{most}?uses=4");
        Assert.Equal(counts[most], code.GetProperty("count").GetInt64());
        Assert.Equal(0, code.GetProperty("rank").GetInt32());
        JsonElement[] uses = [.. code.GetProperty("uses").EnumerateArray()];
        Assert.Equal(Math.Min(4, counts[most]), uses.Length);
        // The first use is where the editor finds the code.
        JsonElement encoded = await studio.Post(
            $"/api/runs/{id}/encode", $$"""{"number":{{uses[0].GetProperty("image").GetInt32()}}}""");
        int cell = uses[0].GetProperty("row").GetInt32() * 4 + uses[0].GetProperty("column").GetInt32();
        Assert.Equal(most, encoded.GetProperty("codes")[cell].GetInt32());
        Image patches = ImageFile.Decode(await studio.Bytes($"/api/runs/{id}/codebook/{most}/uses.png?uses=4"));
        Assert.Equal((12 * uses.Length, 12), (patches.Width, patches.Height));

        JsonElement like = await studio.Get($"/api/runs/{id}/codes/{most}/like");
        Assert.Equal(most, like.GetProperty("numbers")[0].GetInt32());
        Assert.Equal(Enumerable.Range(0, 16), Numbers(like.GetProperty("numbers")).Order());
        Assert.Equal(
            like.GetProperty("numbers")[1].GetInt32(),
            code.GetProperty("neighbours")[0].GetProperty("number").GetInt32());
        JsonElement influence = await studio.Get($"/api/runs/{id}/codebook/{most}/influence");
        int side = influence.GetProperty("side").GetInt32();
        Assert.Equal(side * side, influence.GetProperty("change").GetArrayLength());
        Assert.True(influence.GetProperty("radius50").GetDouble() <= influence.GetProperty("radius90").GetDouble());
    }

    [Fact]
    public async Task A_code_that_is_never_used_has_no_influence_and_no_patches()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("other");
        long[] counts = await Counts(studio, id);
        int unused = Array.IndexOf(counts, 0);
        Assert.True(unused >= 0, "every code of the tiny run is used: choose one with more codes");
        Assert.Equal(JsonValueKind.Null, (await studio.Get($"/api/runs/{id}/codebook/{unused}/influence")).ValueKind);
        await studio.Refused(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/runs/{id}/codebook/{unused}/uses.png");
        await studio.Refused(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/runs/{id}/codebook/32");
    }

    [Fact]
    public async Task The_map_has_a_place_for_each_code_of_the_atlas()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        using (HttpResponseMessage first = await studio.Send(HttpMethod.Get, $"/api/runs/{id}/codebook/map"))
            Assert.True(first.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.OK, $"{first.StatusCode}");
        JsonElement map = await studio.Get($"/api/runs/{id}/codebook/map");
        Assert.Equal(16, map.GetProperty("umap").GetArrayLength());
        Assert.Equal(16, map.GetProperty("pca").GetArrayLength());
        Assert.Equal(2, map.GetProperty("umap")[0].GetArrayLength());
    }

    private static async Task<long[]> Counts(Studio studio, string id)
    {
        JsonElement answer = await studio.Get($"/api/runs/{id}/atlas/counts");
        return [.. answer.GetProperty("counts").EnumerateArray().Select(count => count.GetInt64())];
    }

    [Fact]
    public async Task Where_the_test_images_are_not_here_generated_ones_stand_in_and_are_called_so()
    {
        string runs = tiny.Copy(_folder);
        foreach (string run in (string[])["plain", "other"])
            TinyRuns.ReplaceInConfig(runs, run, $"\"{tiny.Images}\"", "\"elsewhere\"");
        await using Studio studio = await Studio.Start(runs, tiny.Runs);
        string away = await RunIn(studio, runs, "plain"), here = await RunIn(studio, tiny.Runs, "plain");
        Assert.Equal("shapes", await Split($"/api/runs/{away}/atlas/counts"));
        Assert.Equal("shapes", await Split($"/api/runs/{away}/codebook/1"));
        Assert.Equal("test", await Split($"/api/runs/{here}/atlas/counts"));
        Assert.Equal("test", await Split($"/api/runs/{here}/codebook/1"));
        string compared = $"/api/compare/images?a={away}&b={await RunIn(studio, runs, "other")}";
        await studio.Refused(HttpStatusCode.UnprocessableEntity, HttpMethod.Get, compared);
        Assert.Equal("shapes", await Split($"{compared}&split=shapes"));
        JsonElement images = await studio.Get($"{compared}&split=shapes&count=1");
        Assert.InRange(images.GetProperty("count").GetInt32(), 2, int.MaxValue);

        async Task<string?> Split(string path) => (await studio.Get(path)).GetProperty("split").GetString();
    }

    private static async Task<string> RunIn(Studio studio, string folder, string name) =>
        (await studio.Get("/api/runs")).GetProperty("runs").EnumerateArray()
            .Single(run => run.GetProperty("path").GetString() == Path.Combine(folder, name))
            .GetProperty("id").GetString()!;

    private static IEnumerable<int> Numbers(JsonElement list) =>
        list.EnumerateArray().Select(number => number.GetInt32());
}
