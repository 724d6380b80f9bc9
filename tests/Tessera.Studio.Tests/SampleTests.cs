using System.Net;
using System.Text.Json;
using Tessera.Imaging;
using Tessera.Priors;
using Tessera.Studio.Samples;

namespace Tessera.Studio.Tests;

/// <summary>Images drawn from the prior, cell by cell.</summary>
public sealed class SampleTests(TinyRuns tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_streamed_is_what_the_library_draws_with_the_same_seed()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        JsonElement started = await studio.Post(
            $"/api/runs/{id}/samples", """{"count":3,"class":"cube","guidance":1,"seed":7}""");
        using Events events = await Events.Open(studio, $"/api/samples/{started.GetProperty("id").GetString()}/events");
        var codes = new List<int>[] { [], [], [] };
        Event next;
        while ((next = (await events.Next())!).Name != "done")
        {
            Assert.NotEqual("failed", next.Name);
            if (next.Name != "codes") continue;
            Assert.Equal(codes[0].Count, next.Data.GetProperty("from").GetInt32());
            for (int i = 0; i < 3; i++) codes[i].AddRange(Numbers(next.Data.GetProperty("codes")[i]));
        }
        using var sampler = ImageSampler.Open(Path.Combine(tiny.Runs, "plain"));
        var options = new SamplingOptions { Guidance = 1, Seed = 7 };
        int? cube = sampler.Prior.Options.FindClass("cube");
        int[] expected = sampler.SampleCodes(
            [cube, cube, cube], options, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(expected, codes.SelectMany(list => list));
        Assert.Equal(expected[..16], Numbers(next.Data.GetProperty("codes")[0]));
        Image[] images = sampler.Sample(3, "cube", options, TestContext.Current.CancellationToken);
        Assert.Equal(
            images[2].Pixels, ImageFile.Decode(next.Data.GetProperty("images")[2].GetBytesFromBase64()).Pixels);

        JsonElement nats = await studio.Post(
            $"/api/runs/{id}/nats", $$"""{"codes":{{JsonSerializer.Serialize(expected[..16])}},"class":"cube"}""");
        for (int i = 0; i < 16; i++)
        {
            Assert.Equal(
                nats.GetProperty("nats")[i].GetDouble(), next.Data.GetProperty("nats")[0][i].GetDouble(), 1e-3);
        }
    }

    [Fact]
    public async Task Kept_cells_stay_and_a_client_that_reconnects_gets_the_rest()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        int[] kept = [.. Enumerable.Range(0, 16)];
        string cells = JsonSerializer.Serialize(kept.Select(cell => cell < 8));
        JsonElement started = await studio.Post(
            $"/api/runs/{id}/samples",
            $$$"""{"count":2,"seed":1,"keep":{"codes":{{{JsonSerializer.Serialize(kept)}}},"cells":{{{cells}}}}}""");
        string address = $"/api/samples/{started.GetProperty("id").GetString()}/events";
        using (Events events = await Events.Open(studio, address))
        {
            Event done = await events.Next("done");
            Assert.Equal(kept[..8], Numbers(done.Data.GetProperty("codes")[1]).Take(8));
        }
        using Events again = await Events.Open(studio, address, "10");
        Event rest = await again.Next("codes");
        Assert.Equal((10, 16), (rest.Data.GetProperty("from").GetInt32(), rest.Data.GetProperty("to").GetInt32()));

        using HttpResponseMessage deleted = await studio.Send(HttpMethod.Delete, address[..^"/events".Length]);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await studio.Refused(HttpStatusCode.NotFound, HttpMethod.Get, address);
    }

    [Theory]
    [InlineData("""{"count":0}""")]
    [InlineData("""{"count":65}""")]
    [InlineData("""{"count":1,"class":"cat"}""")]
    [InlineData("""{"count":1,"temperature":0}""")]
    [InlineData("""{"count":1,"topP":1.5}""")]
    [InlineData("""{"count":1,"keep":{"codes":[1],"cells":[true]}}""")]
    [InlineData("""{}""")]
    public async Task A_wrong_value_is_refused(string body)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        await studio.Refused(HttpStatusCode.BadRequest, HttpMethod.Post, $"/api/runs/{id}/samples", body);
    }

    [Fact]
    public async Task Without_a_prior_nothing_is_drawn()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("other");
        await studio.Refused(HttpStatusCode.Conflict, HttpMethod.Post, $"/api/runs/{id}/samples", """{"count":1}""");
    }

    [Fact]
    public void A_drawing_that_fails_unexpectedly_ends_and_says_so()
    {
        using var drawing = new Drawing("s1", 1, new CodePriorOptions { Codes = 16, Rows = 4, Columns = 4 });
        drawing.Run(_ => throw new InvalidOperationException("unforeseen"), [null], new SamplingOptions(), [], 0);
        Assert.False(drawing.IsUnderWay);
        Assert.Contains("unforeseen", drawing.State.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_newest_prior_answers_and_a_failure_is_not_for_ever()
    {
        string runs = tiny.Copy(_folder), plain = Path.Combine(runs, "plain");
        string file = Path.Combine(plain, "prior", "model.safetensors"), another = _folder["another"];
        TinyRuns.Program(
            "prior", plain, "--out", another, "--updates", "5", "--batch", "4", "--width", "16", "--layers", "1",
            "--heads", "2", "--warmup", "0", "--threads", "1", "--seed", "5");
        await using Studio studio = await Studio.Start(runs);
        string nats = $"/api/runs/{await studio.Id("plain")}/nats";
        const string Codes = """{"codes":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]}""";
        double first = (await studio.Post(nats, Codes)).GetProperty("mean").GetDouble();
        File.WriteAllText(file, "damaged");
        await studio.Refused(HttpStatusCode.Conflict, HttpMethod.Post, nats, Codes);
        File.Copy(Path.Combine(another, "model.safetensors"), file, overwrite: true);
        double second = (await studio.Post(nats, Codes)).GetProperty("mean").GetDouble();
        Assert.NotEqual(first, second);
        using var sampler = ImageSampler.Open(plain);
        float[] expected = PriorEvaluator.Nats(
            sampler.Prior, [.. Enumerable.Range(0, 16)], [null], TestContext.Current.CancellationToken);
        Assert.Equal(expected.Average(value => (double)value), second, 1e-6);
    }

    private static IEnumerable<int> Numbers(JsonElement list) =>
        list.EnumerateArray().Select(number => number.GetInt32());
}
