using System.Collections.Concurrent;
using System.Numerics.Tensors;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Inspection;
using Tessera.Quantization;
using Tessera.Tokens;

namespace Tessera.Studio.Models;

/// <summary>How the first test images use the codes.</summary>
/// <param name="Source">The images.</param>
/// <param name="Count">How many of them.</param>
/// <param name="Rows">Rows of cells of an image.</param>
/// <param name="Columns">Columns of cells.</param>
/// <param name="Codes">Their codes, <c>[count, rows, columns, per cell]</c>.</param>
/// <param name="Usage">How often each code was chosen.</param>
internal sealed record CodeUses(
    ImageSource Source, int Count, int Rows, int Columns, int[] Codes, CodeUsage Usage);

/// <summary>The atlas, in the order of the numbers of codes.</summary>
/// <param name="Numbers">The codes, ascending.</param>
/// <param name="Colors">The mean colour of each.</param>
/// <param name="Tile">The side of a tile in pixels.</param>
/// <param name="Image">All tiles, without margins.</param>
/// <param name="Png">The image as a file.</param>
internal sealed record StudioAtlas(int[] Numbers, Rgb[] Colors, int Tile, Image Image, byte[] Png);

/// <summary>What is computed once for some weights, in the background, one after the other.</summary>
internal sealed class ModelDetails
{
    /// <summary>Tiles of the atlas in a row.</summary>
    public const int TilesPerRow = 32;

    private const int MostImages = 2000, MostInfluenced = 64, EncodedAtOnce = 100;

    private readonly LoadedModel _loaded;
    private readonly ModelImages _images;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<int, Computed<StudioInfluence>> _influence = [];

    public ModelDetails(LoadedModel loaded, ModelImages images)
    {
        (_loaded, _images) = (loaded, images);
        Uses = new Computed<CodeUses>(async report =>
        {
            ImageSource source = await _images.Measured();
            return Alone(model => Count(model, source, report));
        });
        Vectors = new Computed<float[]>(
            _ => Task.FromResult(Alone(model => new ModelProbe(model.Model).Codebook())));
        Atlas = new Computed<StudioAtlas>(async report =>
        {
            CodeUses uses = await Follow(Uses, report);
            report($"decoding {uses.Usage.Counts.Length} codes", 0.5);
            return Alone(model => Draw(CodeAtlas.Make(new ModelProbe(model.Model), uses.Usage)));
        });
        Embedding = new Computed<CodebookEmbedding>(async report =>
        {
            StudioAtlas atlas = await Follow(Atlas, report);
            float[] vectors = await Vectors.Get();
            string stage = $"laying out {atlas.Numbers.Length} codes";
            report(stage, 0);
            return Alone(_ => CodebookEmbedding.Make(
                vectors, _loaded.Sizes.VectorDim, atlas.Numbers,
                new ImmediateProgress<double>(part => report(stage, part))));
        });
    }

    /// <summary>How the first test images use the codes.</summary>
    public Computed<CodeUses> Uses { get; }

    /// <summary>The vectors of the codebooks, <c>[codebooks x codes, vector dim]</c>.</summary>
    public Computed<float[]> Vectors { get; }

    /// <summary>What each code decodes to.</summary>
    public Computed<StudioAtlas> Atlas { get; }

    /// <summary>The codes of the atlas in the plane.</summary>
    public Computed<CodebookEmbedding> Embedding { get; }

    /// <summary>How far a code reaches where it is used; without a map if it is not.</summary>
    public Computed<StudioInfluence> Influence(int number) => _influence.GetOrAdd(
        number, _ => new Computed<StudioInfluence>(async report =>
        {
            CodeUses uses = await Follow(Uses, report);
            (int Image, int Cell)[] places = [.. PlacesOf(uses, number).Take(MostInfluenced)];
            if (places.Length == 0) return new StudioInfluence(null);
            return Alone(model =>
            {
                Image[] images = [.. places.Select(place => ModelImages.Read(uses.Source, place.Image))];
                var probe = new ModelProbe(model.Model);
                return new StudioInfluence(InfluenceMap.Measure(
                    probe, probe.Encode(images), [.. places.Select(place => place.Cell)]));
            });
        }));

    /// <summary>Where a code was chosen: image after image, first one cell of each, then a second.</summary>
    public IEnumerable<(int Image, int Cell)> PlacesOf(CodeUses uses, int number)
    {
        int perCell = _loaded.Sizes.Cell.Codes, cells = uses.Rows * uses.Columns, size = _loaded.Sizes.Codes;
        (int book, int code) = (number / size, number % size);
        return Enumerable.Range(0, uses.Count * cells)
            .Where(cell => Enumerable.Range(0, perCell).Any(place =>
                _loaded.Sizes.Cell.CodebookOf(place) == book && uses.Codes[cell * perCell + place] == code))
            .GroupBy(cell => cell / cells)
            .SelectMany(group => group.Select((cell, turn) => (Turn: turn, Image: group.Key, Cell: cell % cells)))
            .OrderBy(place => place.Turn).Select(place => (place.Image, place.Cell));
    }

    /// <summary>The codes of a code's codebook by the distance of their vectors, itself first.</summary>
    public (int Number, double Distance)[] Like(float[] vectors, int number)
    {
        int size = _loaded.Sizes.Codes, dimensions = _loaded.Sizes.VectorDim, first = number / size * size;
        return
        [
            .. Enumerable.Range(first, size)
                .Select(other => (other, (double)TensorPrimitives.Distance(Vector(number), Vector(other))))
                .OrderBy(pair => pair.Item2).ThenBy(pair => pair.other == number ? -1 : pair.other),
        ];

        ReadOnlySpan<float> Vector(int i) => vectors.AsSpan(i * dimensions, dimensions);
    }

    /// <summary>Waits for other work, and reports its progress as one's own.</summary>
    private static async Task<T> Follow<T>(Computed<T> other, Action<string, double> report) where T : class
    {
        Task<T> task = other.Get();
        while (await Task.WhenAny(task, Task.Delay(50)) != task) report(other.Progress.Stage, other.Progress.Fraction);
        return await task;
    }

    private T Alone<T>(Func<BackgroundModel, T> work)
    {
        lock (_gate)
        {
            using BackgroundModel model = _loaded.Background();
            return work(model);
        }
    }

    private static CodeUses Count(BackgroundModel model, ImageSource source, Action<string, double> report)
    {
        using var tokenizer = new Tokenizer(model.Model);
        int count = Math.Min(source.Count, MostImages), cell = tokenizer.PixelsPerCode;
        int rows = source.Height / cell, columns = source.Width / cell;
        var usage = new CodeUsage(model.Model.Options.Codes, model.Model.Options.Cell);
        var all = new List<int>(count * rows * columns * tokenizer.Levels);
        for (int first = 0; first < count; first += EncodedAtOnce)
        {
            report($"encoding {count} images", (double)first / count);
            byte[][] pixels = source.Read(first, Math.Min(EncodedAtOnce, count - first));
            int[] codes = tokenizer.Encode(
                [.. pixels.Select(image => new Image(source.Width, source.Height, source.Channels, image))]);
            usage.Add(codes);
            all.AddRange(codes);
        }
        return new CodeUses(source, count, rows, columns, [.. all], usage);
    }

    private static StudioAtlas Draw(CodeAtlas atlas)
    {
        int[] places = [.. Enumerable.Range(0, atlas.Order.Count).OrderBy(i => atlas.Order[i])];
        Image image = ImageGrid.Make([.. places.Select(i => atlas.Tiles[i])], TilesPerRow, padding: 0);
        return new StudioAtlas(
            [.. places.Select(i => atlas.Order[i])], [.. places.Select(i => atlas.Colors[i])], atlas.Tiles[0].Width,
            image, ImageFile.EncodePng(image));
    }
}

/// <summary>How far a code reaches.</summary>
/// <param name="Map">The map; null if the code is not used.</param>
internal sealed record StudioInfluence(InfluenceMap? Map);
