using System.Net;
using System.Security.Cryptography;
using System.Text.Json;

namespace Tessera.Studio.Tests;

/// <summary>Weights are named by what they are, wherever their run lies.</summary>
public sealed class WeightTests(TinyRuns tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_has_the_hash_of_its_weights_and_the_hash_finds_every_run_that_has_them()
    {
        string runs = Twice();
        await using Studio studio = await Studio.Start(runs);
        string plain = await studio.Id("plain"), copy = await studio.Id("a-copy");
        string weights = await Weights(studio, plain);
        byte[] file = await File.ReadAllBytesAsync(FileOf(runs, "plain"), TestContext.Current.CancellationToken);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file))[..12], weights);
        Assert.Equal(weights, await Weights(studio, copy));
        Assert.NotEqual(weights, await Weights(studio, await studio.Id("other")));
        Assert.Equal([copy, plain], await Found(studio, weights));
        // The weights of a prior are those of no tokenizer.
        byte[] prior = await File.ReadAllBytesAsync(FileOf(runs, "plain/prior"), TestContext.Current.CancellationToken);
        Assert.Empty(await Found(studio, Convert.ToHexStringLower(SHA256.HashData(prior))[..12]));
    }

    [Fact]
    public async Task A_run_that_has_learnt_on_has_another_hash()
    {
        string runs = Twice();
        await using Studio studio = await Studio.Start(runs);
        string plain = await studio.Id("plain"), copy = await studio.Id("a-copy");
        string before = await Weights(studio, plain);
        Assert.Equal([copy, plain], await Found(studio, before));
        Learn(FileOf(runs, "plain"));
        string after = await Weights(studio, plain);
        Assert.NotEqual(before, after);
        Assert.Equal([copy], await Found(studio, before));
        Assert.Equal([plain], await Found(studio, after));
        // A run that lost its weights hides no other one.
        File.Delete(FileOf(runs, "plain"));
        Assert.Equal([copy], await Found(studio, before));
        Assert.Empty(await Found(studio, after));
    }

    [Theory]
    [InlineData("0123456789a")]
    [InlineData("0123456789ABC")]
    [InlineData("0123456789AB")]
    [InlineData("0123456789ag")]
    public async Task A_text_that_is_no_hash_is_refused(string text)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string error = await studio.Refused(HttpStatusCode.BadRequest, HttpMethod.Get, $"/api/weights/{text}");
        Assert.Contains("12 hexadecimal digits", error, StringComparison.Ordinal);
    }

    /// <summary>The runs, and <c>plain</c> once more under another name.</summary>
    private string Twice()
    {
        string runs = tiny.Copy(_folder);
        foreach (string name in new[] { "config.json", "model.safetensors" })
            _folder.Write($"runs/a-copy/{name}", File.ReadAllBytes(Path.Combine(runs, "plain", name)));
        return runs;
    }

    /// <summary>Changes the last weight of a file, as training would.</summary>
    private static void Learn(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        file[^4] ^= 1;
        DateTime written = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, file);
        File.SetLastWriteTimeUtc(path, written.AddSeconds(1));
    }

    private static string FileOf(string runs, string run) => Path.Combine(runs, run, "model.safetensors");

    private static async Task<string> Weights(Studio studio, string id) =>
        (await studio.Get($"/api/runs/{id}/model")).GetProperty("weights").GetString()!;

    private static async Task<string[]> Found(Studio studio, string weights)
    {
        JsonElement answer = await studio.Get($"/api/weights/{weights}");
        return [.. answer.GetProperty("runs").EnumerateArray().Select(id => id.GetString()!)];
    }
}
