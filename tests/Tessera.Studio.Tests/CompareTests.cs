using System.Net;
using System.Text.Json;
using Tessera.Imaging;

namespace Tessera.Studio.Tests;

public sealed class CompareTests(TinyRuns tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_runs_are_compared_by_the_options_that_differ_and_by_the_same_images()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string query = $"a={await studio.Id("plain")}&b={await studio.Id("other")}";
        JsonElement answer = await studio.Get($"/api/compare?{query}");
        JsonElement option = Assert.Single(answer.GetProperty("options").EnumerateArray());
        Assert.Equal(("--codes", "16", "32"), (
            option.GetProperty("name").GetString(), option.GetProperty("a").GetString(),
            option.GetProperty("b").GetString()));
        Assert.Contains(
            answer.GetProperty("evaluations").EnumerateArray(),
            value => value.GetProperty("name").GetString() == "recon_error");

        JsonElement images = await studio.Get($"/api/compare/images?{query}&count=3");
        Assert.Equal(3, images.GetProperty("images").GetArrayLength());
        JsonElement first = images.GetProperty("images")[0];
        Image original = ImageFile.Decode(first.GetProperty("original").GetBytesFromBase64());
        Assert.Equal(16, original.Width);
        foreach (string side in (string[])["a", "b"])
        {
            Image image = ImageFile.Decode(first.GetProperty(side).GetProperty("image").GetBytesFromBase64());
            double mse = original.Pixels.Zip(image.Pixels, (x, y) => Math.Pow((x - y) / 255.0, 2)).Average();
            Assert.Equal(mse, first.GetProperty(side).GetProperty("mse").GetDouble(), 1e-6);
            Assert.Equal(
                16, ImageFile.Decode(first.GetProperty(side).GetProperty("error").GetBytesFromBase64()).Width);
        }
        Assert.InRange(images.GetProperty("largestError").GetDouble(), 0.001, 1);
    }

    [Fact]
    public async Task Runs_on_images_of_other_sizes_cannot_be_compared_image_by_image()
    {
        string runs = tiny.Copy(_folder);
        TinyRuns.Program(tiny.Training(Path.Combine(runs, "large"), "--size", "32", "--updates", "2"));
        await using Studio studio = await Studio.Start(runs);
        await studio.Refused(
            HttpStatusCode.UnprocessableEntity, HttpMethod.Get,
            $"/api/compare/images?a={await studio.Id("plain")}&b={await studio.Id("large")}");
        await studio.Refused(
            HttpStatusCode.NotFound, HttpMethod.Get, $"/api/compare?a={await studio.Id("plain")}&b=0123456789ab");
    }
}
