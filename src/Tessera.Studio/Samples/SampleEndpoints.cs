using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Tessera.Files;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Studio.Models;
using Tessera.Studio.Runs;
using Tessera.Tensors.Devices;

namespace Tessera.Studio.Samples;

/// <summary>The endpoints that draw images from a prior and show them cell by cell.</summary>
internal sealed class SampleEndpoints(ModelStore models)
{
    private const int MostImages = 64, MostDrawings = 4;

    private readonly ConcurrentDictionary<string, Drawing> _drawings = [];
    private int _last;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/api/runs/{id}/samples", Start).Gives<SampleAnswer>(StatusCodes.Status202Accepted);
        app.MapGet("/api/samples/{id}/events", Watch).GivesEvents();
        app.MapDelete("/api/samples/{id}", Stop);
    }

    private async Task<JsonHttpResult<SampleAnswer>> Start(
        string id, SampleRequest request, CancellationToken cancellation)
    {
        Parameter.InRange(request.Count, 1, MostImages, "count");
        LoadedModel loaded = await models.Get(id, cancellation);
        CodePriorOptions prior = (await models.Use(id, parts => parts.Sampler.Prior, cancellation)).Options;
        int? label = Checks.Class(prior, request.Class);
        SamplingOptions options = OptionsOf(request);
        int[] given = GivenOf(request, prior, loaded.Sizes);
        Forget();
        if (_drawings.Values.Count(drawing => drawing.IsUnderWay) >= MostDrawings)
            throw new StudioException(
                StatusCodes.Status429TooManyRequests,
                $"{MostDrawings} drawings are under way; wait for one, or stop it");
        var drawing = new Drawing(
            $"s{Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture)}", request.Count, prior);
        _drawings[drawing.Id] = drawing;
        int?[] labels = [.. Enumerable.Repeat(label, request.Count)];
        RunEntry entry = loaded.Entry;
        _ = Task.Factory.StartNew(
            () => drawing.Run(device => Open(entry, device), labels, options, given, request.First),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return TypedResults.Json(
            new SampleAnswer(
                drawing.Id, request.Count, prior.Rows, prior.Columns, prior.CodesPerCell, options.Seed),
            StudioJson.Default.SampleAnswer, statusCode: StatusCodes.Status202Accepted);
    }

    private async Task Watch(string id, HttpContext context)
    {
        Drawing drawing = Find(id);
        int sent = int.TryParse(context.Request.Headers["Last-Event-ID"], out int last) ? Math.Max(last, 0) : 0;
        drawing.Listen(1);
        try
        {
            await EventStream.Serve(
                context, (stream, cancellation) => Show(drawing, stream, sent, cancellation));
        }
        finally
        {
            drawing.Listen(-1);
        }
    }

    private static async Task Show(Drawing drawing, EventStream stream, int sent, CancellationToken cancellation)
    {
        DrawnImageAnswer? shown = null;
        while (true)
        {
            (int drawn, DrawnImageAnswer? image, DoneAnswer? done, string? error) = drawing.State;
            if (drawn > sent)
            {
                await stream.Send(
                    $"{drawn}", "codes", drawing.Places(sent, drawn), StudioJson.Default.DrawnAnswer, cancellation);
                sent = drawn;
            }
            if (image is not null && image != shown)
                await stream.Send(
                    $"{sent}", "image", shown = image, StudioJson.Default.DrawnImageAnswer, cancellation);
            if (done is not null)
            {
                await stream.Send($"{sent}", "done", done, StudioJson.Default.DoneAnswer, cancellation);
                return;
            }
            if (error is not null)
            {
                await stream.Send(
                    $"{sent}", "failed", new FailedAnswer(error), StudioJson.Default.FailedAnswer, cancellation);
                return;
            }
            await stream.KeepAlive(cancellation);
            await Task.Delay(EventStream.Interval, cancellation);
        }
    }

    private NoContent Stop(string id)
    {
        Drawing drawing = Find(id);
        drawing.Stop();
        _drawings.TryRemove(id, out _);
        return TypedResults.NoContent();
    }

    private Drawing Find(string id) =>
        _drawings.TryGetValue(id, out Drawing? found) ? found : throw StudioException.NotFound($"drawing {id}");

    private void Forget()
    {
        foreach (Drawing old in _drawings.Values.Where(drawing => drawing.IsForgotten))
        {
            old.Stop();
            _drawings.TryRemove(old.Id, out _);
        }
    }

    private static ImageSampler Open(RunEntry entry, Device device)
    {
        entry.PathOf(StateDict.ModelName);
        return ImageSampler.Open(entry.Path, entry.PathOf(PriorRun.FolderName, StateDict.ModelName), device);
    }

    private static SamplingOptions OptionsOf(SampleRequest request)
    {
        var options = new SamplingOptions
        {
            Guidance = request.Guidance,
            TopP = request.TopP,
            TopK = request.TopK,
            Temperature = request.Temperature,
            Seed = request.Seed ?? (ulong)RandomNumberGenerator.GetInt32(int.MaxValue),
        };
        if (request.First < 0) throw StudioException.Wrong($"first must be at least 0, not {request.First}", "first");
        try
        {
            options.Validate();
        }
        catch (InputException e)
        {
            string? member = e.Option is { } name ? JsonNamingPolicy.CamelCase.ConvertName(name) : null;
            throw StudioException.Wrong(e.Message, member);
        }
        return options;
    }

    private static int[] GivenOf(SampleRequest request, CodePriorOptions prior, VqVaeOptions model)
    {
        if (request.Keep is not { } keep) return [];
        Checks.Codes(prior, model, keep.Codes, "keep.codes");
        if (keep.Cells.Length != prior.Cells)
            throw StudioException.Wrong($"keep.cells has {keep.Cells.Length} cells, not {prior.Cells}", "keep.cells");
        int[] one =
            [.. keep.Codes.Select((code, i) => keep.Cells[i / prior.CodesPerCell] ? code : CodeSampler.Open)];
        return [.. Enumerable.Repeat(one, request.Count).SelectMany(codes => codes)];
    }
}
