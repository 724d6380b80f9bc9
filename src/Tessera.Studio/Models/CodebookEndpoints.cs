using System.Numerics.Tensors;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;

namespace Tessera.Studio.Models;

/// <summary>The endpoints of the codes: atlas, likeness, map, uses, influence.</summary>
internal sealed class CodebookEndpoints(ModelStore models)
{
    private const int Neighbours = 12, MostUses = 64;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/runs/{id}/atlas", Atlas).Gives<AtlasAnswer>().TakesLong();
        app.MapGet("/api/runs/{id}/atlas.png", AtlasImage).GivesPng().TakesLong();
        app.MapGet("/api/runs/{id}/atlas/counts", AtlasCounts).Gives<CountsAnswer>().TakesLong();
        app.MapGet("/api/runs/{id}/codes/{number:int}/like", Like);
        app.MapGet("/api/runs/{id}/codebook/map", Embedding).Gives<MapAnswer>().TakesLong();
        app.MapGet("/api/runs/{id}/codebook/{number:int}", Describe).Gives<CodeAnswer>().TakesLong();
        app.MapGet("/api/runs/{id}/codebook/{number:int}/uses.png", Patches).GivesPng().TakesLong();
        app.MapGet("/api/runs/{id}/codebook/{number:int}/influence", Influence).Gives<InfluenceAnswer>().TakesLong();
    }

    private async Task<IResult> Atlas(string id, HttpContext context)
    {
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        return await Answers.Of(context, loaded.Details.Atlas, atlas => TypedResults.Json(
            new AtlasAnswer(
                loaded.Version, atlas.Tile, loaded.Sizes.PixelsPerCode, ModelDetails.TilesPerRow,
                (atlas.Numbers.Length + ModelDetails.TilesPerRow - 1) / ModelDetails.TilesPerRow,
                $"/api/runs/{id}/atlas.png?v={loaded.Version}", atlas.Numbers,
                [.. atlas.Colors.Select(color => color.ToString())]),
            StudioJson.Default.AtlasAnswer));
    }

    private async Task<IResult> AtlasCounts(string id, HttpContext context)
    {
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        return await Answers.Of(context, loaded.Details.Uses, async uses =>
        {
            StudioAtlas atlas = await loaded.Details.Atlas.Get();
            return TypedResults.Json(
                new CountsAnswer(
                    loaded.Version, [.. atlas.Numbers.Select(number => uses.Usage.Counts[number])], uses.Count,
                    uses.Split),
                StudioJson.Default.CountsAnswer);
        });
    }

    private async Task<IResult> AtlasImage(string id, HttpContext context)
    {
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        return await Answers.Of(context, loaded.Details.Atlas, atlas => Answers.Png(context, atlas.Png));
    }

    private async Task<LikeAnswer> Like(string id, int number, CancellationToken cancellation, int? count = null)
    {
        LoadedModel loaded = await models.Get(id, cancellation);
        Checks.Number(loaded.Sizes, number);
        (int Number, double Distance)[] like = loaded.Details.Like(await loaded.Details.Vectors.Get(), number);
        (int Number, double Distance)[] first =
            [.. like.Take(count is { } some ? Parameter.InRange(some, 1, int.MaxValue, "count") : like.Length)];
        return new LikeAnswer([.. first.Select(code => code.Number)], [.. first.Select(code => code.Distance)]);
    }

    private async Task<IResult> Embedding(string id, HttpContext context)
    {
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        return await Answers.Of(context, loaded.Details.Embedding, async embedding =>
        {
            StudioAtlas atlas = await loaded.Details.Atlas.Get();
            return TypedResults.Json(
                new MapAnswer(
                    loaded.Version, atlas.Numbers,
                    embedding.Umap is { } umap ? Pairs(umap) : null, Pairs(embedding.Pca),
                    [.. embedding.PcaVariance.Where(double.IsFinite)]),
                StudioJson.Default.MapAnswer);
        });
    }

    private async Task<IResult> Describe(string id, int number, HttpContext context, int uses = 32)
    {
        Parameter.InRange(uses, 1, MostUses, "uses");
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        Checks.Number(loaded.Sizes, number);
        return await Answers.Of(context, loaded.Details.Uses, async counted =>
        {
            StudioAtlas atlas = await loaded.Details.Atlas.Get();
            float[] vectors = await loaded.Details.Vectors.Get();
            return TypedResults.Json(
                AnswerOf(loaded, atlas, counted, vectors, number, uses), StudioJson.Default.CodeAnswer);
        });
    }

    private static CodeAnswer AnswerOf(
        LoadedModel loaded, StudioAtlas atlas, CodeUses uses, float[] vectors, int number, int most)
    {
        int size = loaded.Sizes.Codes, dimensions = loaded.Sizes.VectorDim, book = number / size;
        long[] counts = uses.Usage.Counts[(book * size)..((book + 1) * size)].ToArray();
        long count = counts[number % size];
        int place = Array.IndexOf(atlas.Numbers, number);
        return new CodeAnswer(
            number, book, number % size, count, (double)count / Math.Max(counts.Sum(), 1),
            counts.Count(other => other > count), place < 0 ? null : atlas.Colors[place].ToString(),
            TensorPrimitives.Norm<float>(vectors.AsSpan(number * dimensions, dimensions)),
            [.. loaded.Details.Like(vectors, number).Where(other => other.Number != number).Take(Neighbours)
                .Select(other => new NeighbourAnswer(other.Number, other.Distance))],
            atlas.Tile, uses.Count, uses.Split,
            [.. loaded.Details.PlacesOf(uses, number).Take(most).Select(use => new UseAnswer(
                use.Image, use.Cell / uses.Columns, use.Cell % uses.Columns,
                ModelImages.LabelOf(uses.Source, use.Image)))]);
    }

    private async Task<IResult> Patches(string id, int number, HttpContext context, int uses = 32)
    {
        Parameter.InRange(uses, 1, MostUses, "uses");
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        Checks.Number(loaded.Sizes, number);
        return await Answers.Of(context, loaded.Details.Patches(number, uses), patches =>
            Answers.Png(context, patches.Png ?? throw StudioException.NotFound($"use of code {number}")));
    }

    private async Task<IResult> Influence(string id, int number, HttpContext context)
    {
        LoadedModel loaded = await models.Get(id, context.RequestAborted);
        Checks.Number(loaded.Sizes, number);
        return await Answers.Of(context, loaded.Details.Influence(number), use => (IResult)(use.Map is { } map
            ? TypedResults.Json(
                new InfluenceAnswer(
                    map.Side, map.Cell, map.Change, map.Samples, map.RadiusOf(0.5), map.RadiusOf(0.9)),
                StudioJson.Default.InfluenceAnswer)
            : TypedResults.Text("null", "application/json")));
    }

    private static double[][] Pairs(double[] flat) => [.. flat.Chunk(2)];
}
