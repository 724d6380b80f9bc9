using Tessera.Files;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Studio.Runs;

namespace Tessera.Studio.Models;

/// <summary>The endpoints of a model as such, and of the images of its run.</summary>
internal sealed class ModelEndpoints(ModelStore models, RunCatalog catalog, WeightHashes hashes)
{
    private const int MostInStrip = 64;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/runs/{id}/model", Describe);
        app.MapGet("/api/weights/{hash}", Find);
        app.MapGet("/api/runs/{id}/images", List).Gives<ImagesAnswer>().TakesLong();
        app.MapGet("/api/runs/{id}/images/{number:int}.png", Single).GivesPng().TakesLong();
        app.MapGet("/api/runs/{id}/images/strip.png", Strip).GivesPng().TakesLong();
    }

    private async Task<ModelAnswer> Describe(string id, CancellationToken cancellation)
    {
        LoadedModel loaded = await models.Get(id, cancellation);
        (PriorAnswer? prior, string? message) = await PriorOf(loaded, cancellation);
        VqVaeOptions sizes = loaded.Sizes;
        ImageSize size = loaded.Options.Size;
        return new ModelAnswer(
            id, loaded.Version, loaded.Weights, loaded.Update, loaded.Parameters, sizes.Channels, size.Height,
            size.Width, sizes.PixelsPerCode, size.Height / sizes.PixelsPerCode, size.Width / sizes.PixelsPerCode,
            sizes.Quantizer.Kind, sizes.Codes, sizes.CodeDim, sizes.Cell.Codes, sizes.Cell.Codebooks,
            [.. Enumerable.Range(0, sizes.Cell.Codes).Select(sizes.Cell.CodebookOf)],
            [.. Enumerable.Range(0, sizes.Cell.Codebooks).Select(sizes.Cell.NameOf)], sizes.Cell.Top, prior, message);
    }

    private Task<WeightsAnswer> Find(string hash, CancellationToken cancellation) =>
        Task.Run(() => new WeightsAnswer(hashes.Find(hash, cancellation)), cancellation);

    private async Task<(PriorAnswer? Prior, string? Message)> PriorOf(
        LoadedModel loaded, CancellationToken cancellation)
    {
        if (!loaded.HasPrior) return (null, null);
        try
        {
            CodePriorOptions options =
                (await models.Use(loaded.Entry.Id, parts => parts.Sampler.Prior, cancellation)).Options;
            string folder = Path.Combine(loaded.Entry.Path, PriorRun.FolderName);
            return (
                new PriorAnswer(
                    catalog.IdOf(folder), options.Classes, options.Rows, options.Columns,
                    CsvTail.LastRow(loaded.Entry.PathOf(PriorRun.FolderName, "eval.csv"))?.GetValueOrDefault("nats"),
                    Math.Log(options.Codes)),
                null);
        }
        catch (Exception e) when (e is StudioException || FileErrors.IsFileError(e))
        {
            return (null, e.Message);
        }
    }

    private async Task<IResult> List(string id, HttpContext context, string split = "test")
    {
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        return await Answers.Of(context, loaded.Images.Split(split), images => TypedResults.Json(
            new ImagesAnswer(
                images.Name, split, images.Count, images.Height, images.Width,
                images.ClassNames.Count > 1 ? images.ClassNames : []),
            StudioJson.Default.ImagesAnswer));
    }

    private async Task<IResult> Single(string id, int number, HttpContext context, string split = "test")
    {
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        return await Answers.Of(
            context, loaded.Images.Split(split),
            images => Answers.Png(context, ModelImages.Read(images, number)));
    }

    private async Task<IResult> Strip(
        string id, HttpContext context, string split = "test", int from = 0, int count = 16)
    {
        Parameter.InRange(count, 1, MostInStrip, "count");
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        return await Answers.Of(
            context, loaded.Images.Strip(split, from, count), strip => Answers.Png(context, strip));
    }
}
