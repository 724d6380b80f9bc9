using System.Numerics.Tensors;
using Tessera.Imaging;
using Tessera.Quantization;

namespace Tessera.Inspection;

/// <summary>
/// What each code decodes to: the code in the middle of a map whose other cells hold the mean of all codes, weighted by
/// use, which is a neutral background.
/// </summary>
/// <param name="Order">The codes shown, the most used first.</param>
/// <param name="Tiles">
/// An image per code of <see cref="Order"/>, with the model's channels: the code's own pixels, by default 4 x 4, and as
/// many on each side.
/// </param>
/// <param name="Colors">The mean colour of the own pixels of each code of <see cref="Order"/>.</param>
/// <example><code>
/// var usage = new CodeUsage(model.Options.Codes);
/// using var tokenizer = new Tokenizer(model);
/// usage.Add(tokenizer.Encode(image));
/// CodeAtlas atlas = CodeAtlas.Make(new ModelProbe(model), usage);
/// ImageFile.WritePng("atlas.png", ImageGrid.Make(atlas.Tiles, 32));
/// </code></example>
public sealed record CodeAtlas(IReadOnlyList<int> Order, IReadOnlyList<Image> Tiles, IReadOnlyList<Rgb> Colors)
{
    /// <summary>The largest number of codes shown; of a larger codebook, the most used ones.</summary>
    public const int MostCodes = 4096;

    // The limit for the cells around the code: cells farther away hardly change the tile.
    private const int MostCellsAround = 5;

    /// <summary>Decodes the codes.</summary>
    /// <param name="probe">The model.</param>
    /// <param name="usage">How often each code was chosen; at least one count is above 0.</param>
    /// <exception cref="ArgumentException">
    /// No code was counted, or the counts are those of a codebook of another size.
    /// </exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static CodeAtlas Make(ModelProbe probe, CodeUsage usage)
    {
        long[] counts = usage.Counts.ToArray();
        int codes = probe.Model.Options.Codes, levels = probe.Model.Options.Cell.Codebooks;
        if (counts.Length != codes * levels)
            throw new ArgumentException(
                $"{counts.Length} counts for {levels} x {codes} codes", nameof(usage));
        if (usage.Used == 0) throw new ArgumentException("no code was counted", nameof(usage));
        int[] order = [.. Enumerable.Range(0, counts.Length).OrderByDescending(code => counts[code]).Take(MostCodes)];
        int dimensions = probe.Model.Options.VectorDim;
        // A tile shows the code's own pixels and as many on each side.
        int own = probe.Model.Options.PixelsPerCode, margin = own, tileSide = own + 2 * margin;
        float[] codebook = probe.Codebook();
        float[][] means =
        [
            .. Enumerable.Range(0, levels).Select(level => Mean(
                codebook.AsSpan(level * codes * dimensions, codes * dimensions),
                counts.AsSpan(level * codes, codes), dimensions)),
        ];
        float[] background = [.. means[0]];
        foreach (float[] mean in means[1..]) TensorPrimitives.Add<float>(background, mean, background);
        int around = Math.Min(probe.Model.Options.ResidualLayers + 3, MostCellsAround), side = 2 * around + 1;
        int middle = (around * side + around) * dimensions, pixels = side * own;
        int corner = around * own - margin;
        Image[] tiles = new Image[order.Length];
        probe.Decode(
            order.Length, side, side,
            (i, map) =>
            {
                for (int cell = 0; cell < side * side; cell++) background.CopyTo(map[(cell * dimensions)..]);
                ReadOnlySpan<float> code = codebook.AsSpan(order[i] * dimensions, dimensions);
                Span<float> cellInMiddle = map.Slice(middle, dimensions);
                if (levels == 1) code.CopyTo(cellInMiddle);
                else Replace(background, means[order[i] / codes], code, cellInMiddle);
            },
            (i, values) => tiles[i] = Crop(probe.ToImage(values, pixels, pixels), corner, tileSide));
        Rgb[] colors = [.. tiles.Select(tile => MeanColor(Crop(tile, margin, own)))];
        return new CodeAtlas(order, tiles, colors);
    }

    /// <summary>The background, with a code in place of the mean of its level.</summary>
    private static void Replace(
        ReadOnlySpan<float> background, ReadOnlySpan<float> mean, ReadOnlySpan<float> code, Span<float> result)
    {
        TensorPrimitives.Subtract(background, mean, result);
        TensorPrimitives.Add(result, code, result);
    }

    private static float[] Mean(ReadOnlySpan<float> codebook, ReadOnlySpan<long> counts, int dimensions)
    {
        double total = 0;
        foreach (long count in counts) total += count;
        // A level that no cell has used: its codes count alike.
        if (total == 0) total = 1;
        double[] mean = new double[dimensions];
        for (int i = 0; i < codebook.Length; i++)
            mean[i % dimensions] += codebook[i] * (counts[i / dimensions] / total);
        return Array.ConvertAll(mean, value => (float)value);
    }

    private static Image Crop(Image image, int corner, int side)
    {
        Image part = Image.Black(side, side, image.Channels);
        int length = side * image.Channels;
        for (int y = 0; y < side; y++)
        {
            image.Pixels.AsSpan(((corner + y) * image.Width + corner) * image.Channels, length)
                .CopyTo(part.Pixels.AsSpan(y * length));
        }
        return part;
    }

    private static Rgb MeanColor(Image image)
    {
        Image rgb = ImageTransform.ToChannels(image, 3);
        byte Mean(int channel) => (byte)Math.Round(
            rgb.Pixels.Where((_, i) => i % 3 == channel).Average(sample => (double)sample));
        return new Rgb(Mean(0), Mean(1), Mean(2));
    }
}
