using System.Collections.Concurrent;
using System.Numerics.Tensors;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Inspection;
using Tessera.Quantization;
using Tessera.Studio.Http;
using Tessera.Tokens;

namespace Tessera.Studio.Models;

/// <summary>How the first test images use the codes.</summary>
/// <param name="Split">The split of the images.</param>
/// <param name="Source">The images.</param>
/// <param name="Count">How many of them.</param>
/// <param name="Rows">Rows of cells of an image.</param>
/// <param name="Columns">Columns of cells.</param>
/// <param name="Codes">Their codes, <c>[count, rows, columns, per cell]</c>.</param>
/// <param name="Usage">How often each code was chosen.</param>
internal sealed record CodeUses(
    string Split, ImageSource Source, int Count, int Rows, int Columns, int[] Codes, CodeUsage Usage);

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

    private const int MostImages = 2000, FewestImages = 8, MostInfluenced = 64, EncodedAtOnce = 100, MostPatches = 64;

    /// <summary>As many codes say well enough what a neutral background is, and take a moment to count.</summary>
    private const int FewCells = 6400;

    private readonly LoadedModel _loaded;
    private readonly ModelImages _images;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<int, Computed<StudioInfluence>> _influence = [];
    private readonly RecentWork<(int Number, int Count), StudioPatches> _patches;

    public ModelDetails(LoadedModel loaded, ModelImages images)
    {
        (_loaded, _images) = (loaded, images);
        Uses = new Computed<CodeUses>(async report =>
        {
            MeasuredImages images = await _images.Measured();
            // The atlas and its order are what people wait for.
            await Vectors!.Get();
            if (ShowsAllCodes) await Atlas!.Follow(report);
            return Alone(model => Count(model, images, MostImages, report));
        });
        Vectors = new Computed<float[]>(
            _ => Task.FromResult(Alone(model => new ModelProbe(model.Model).Codebook())));
        Atlas = new Computed<StudioAtlas>(async report =>
        {
            MeasuredImages images = await _images.Measured();
            // Of a larger codebook the atlas shows the codes that are used most: all images have to be counted first.
            CodeUses? uses = ShowsAllCodes ? null : await Uses.Follow(report);
            return Alone(model =>
            {
                uses ??= Count(model, images, ImagesOf(FewCells), report);
                report($"decoding {uses.Usage.Counts.Length} codes", 0.5);
                return Draw(CodeAtlas.Make(new ModelProbe(model.Model), uses.Usage));
            });
        });
        _patches = new(MostPatches, async (asked, report) =>
            Cut(await Uses.Follow(report), asked.Number, asked.Count, report));
        Embedding = new Computed<CodebookEmbedding>(async report =>
        {
            StudioAtlas atlas = await Atlas.Follow(report);
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

    /// <summary>Where a code was chosen, as the patches of images: as many as given, if there are as many.</summary>
    public Computed<StudioPatches> Patches(int number, int count) => _patches.Of((number, count));

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
            CodeUses uses = await Uses.Follow(report);
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

    private bool ShowsAllCodes => _loaded.Sizes.Codes * _loaded.Sizes.Cell.Codebooks <= CodeAtlas.MostCodes;

    /// <summary>As many images as have a number of cells, at least a few.</summary>
    private int ImagesOf(int cells)
    {
        int cell = _loaded.Sizes.PixelsPerCode;
        int ofImage = _loaded.Options.Size.Height / cell * (_loaded.Options.Size.Width / cell);
        return Math.Clamp(cells / ofImage, FewestImages, MostImages);
    }

    private T Alone<T>(Func<BackgroundModel, T> work)
    {
        lock (_gate)
        {
            using BackgroundModel model = _loaded.Background();
            return work(model);
        }
    }

    private static CodeUses Count(
        BackgroundModel model, MeasuredImages images, int most, Action<string, double> report)
    {
        ImageSource source = images.Source;
        using var tokenizer = new Tokenizer(model.Model);
        int count = Math.Min(source.Count, most), cell = tokenizer.PixelsPerCode;
        int rows = source.Height / cell, columns = source.Width / cell;
        var usage = new CodeUsage(model.Model.Options.Codes, model.Model.Options.Cell);
        var all = new List<int>(count * rows * columns * tokenizer.CodesPerCell);
        for (int first = 0; first < count; first += EncodedAtOnce)
        {
            report($"encoding {count} images", (double)first / count);
            byte[][] pixels = source.Read(first, Math.Min(EncodedAtOnce, count - first));
            int[] codes = tokenizer.Encode(
                [.. pixels.Select(image => new Image(source.Width, source.Height, source.Channels, image))]);
            usage.Add(codes);
            all.AddRange(codes);
        }
        return new CodeUses(images.Split, source, count, rows, columns, [.. all], usage);
    }

    private StudioPatches Cut(CodeUses uses, int number, int count, Action<string, double> report)
    {
        (int Image, int Cell)[] places = [.. PlacesOf(uses, number).Take(count)];
        if (places.Length == 0) return new StudioPatches(null);
        Image[] patches = new Image[places.Length];
        for (int i = 0; i < places.Length; i++)
        {
            report($"reading {places.Length} images", (double)i / places.Length);
            patches[i] = Patch(
                ModelImages.Read(uses.Source, places[i].Image), places[i].Cell / uses.Columns,
                places[i].Cell % uses.Columns, _loaded.Sizes.PixelsPerCode);
        }
        return new StudioPatches(ImageFile.EncodePng(ImageGrid.Make(patches, patches.Length, padding: 0)));
    }

    /// <summary>A cell and as much on each side; the pixels at an image's edge are repeated beyond it.</summary>
    private static Image Patch(Image image, int row, int column, int cell)
    {
        int side = 3 * cell, left = (column - 1) * cell, top = (row - 1) * cell, channels = image.Channels;
        Image patch = Image.Black(side, side, channels);
        for (int y = 0; y < side; y++)
        {
            for (int x = 0; x < side; x++)
            {
                int from = Math.Clamp(top + y, 0, image.Height - 1) * image.Width
                    + Math.Clamp(left + x, 0, image.Width - 1);
                image.Pixels.AsSpan(from * channels, channels).CopyTo(patch.Pixels.AsSpan((y * side + x) * channels));
            }
        }
        return patch;
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

/// <summary>Where a code was chosen.</summary>
/// <param name="Png">The patches in one row; null if the code is not used.</param>
internal sealed record StudioPatches(byte[]? Png);

/// <summary>How far a code reaches.</summary>
/// <param name="Map">The map; null if the code is not used.</param>
internal sealed record StudioInfluence(InfluenceMap? Map);
