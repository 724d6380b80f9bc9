using Tessera.Data;

namespace Tessera.Inspection;

/// <summary>
/// How far one code reaches: the change of the reconstruction around a latent cell when the cell's vector is set to
/// zero, as a mean over many cells of many images.
/// </summary>
/// <param name="Reach">The number of pixels measured on each side of the cell.</param>
/// <param name="Cell">The side of a cell in pixels.</param>
/// <param name="Change">
/// Mean absolute change, pixels in 0..1, <c>[side, side]</c>, row-major; the cell's own pixels are in the middle.
/// Positions outside an image do not count.
/// </param>
/// <param name="Samples">The number of zeroed cells.</param>
/// <example><code>
/// var probe = new ModelProbe(model);
/// InfluenceMap map = InfluenceMap.Measure(probe, probe.Encode(images));
/// double radius = map.RadiusOf(0.9);     // pixels that hold 90% of the change
/// </code></example>
public sealed record InfluenceMap(int Reach, int Cell, float[] Change, int Samples)
{
    private const int MostReach = 32;

    // 2048 images of 32x32, which decode in a second or two.
    private const long PixelBudget = 2048 * 32 * 32;

    /// <summary>The side of the square map in pixels.</summary>
    public int Side => 2 * Reach + Cell;

    /// <summary>The distance of a position on the map from the middle of the cell, in pixels.</summary>
    /// <param name="index">The position's index in <see cref="Change"/>.</param>
    public double Distance(int index)
    {
        double middle = (Side - 1) / 2.0, x = index % Side - middle, y = index / Side - middle;
        return Math.Sqrt(x * x + y * y);
    }

    /// <summary>The radius around the middle of the cell, in pixels, that holds a share of the total change.</summary>
    /// <param name="share">The share, 0 to 1.</param>
    /// <returns>The radius; 0 if nothing changed.</returns>
    public double RadiusOf(double share)
    {
        int[] order = [.. Enumerable.Range(0, Change.Length).OrderBy(Distance)];
        double whole = Change.Sum(change => (double)change), sum = 0;
        foreach (int index in order)
        {
            sum += Change[index];
            if (sum >= share * whole && whole > 0) return Distance(index);
        }
        return 0;
    }

    /// <summary>Measures a model, up to 32 pixels from the cell.</summary>
    /// <param name="probe">The model.</param>
    /// <param name="maps">The quantized latents of some images, from <see cref="ModelProbe.Encode"/>.</param>
    /// <exception cref="ArgumentException">The latents have another dimension than the codebook.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static InfluenceMap Measure(ModelProbe probe, LatentMaps maps)
    {
        int cell = probe.Model.Options.PixelsPerCode;
        long pixels = (long)maps.Count * maps.Cells * cell * cell;
        int perImage = (int)Math.Clamp(PixelBudget / pixels, 1, maps.Cells);
        return Measure(probe, maps, perImage, CellOf);

        // The cells are spread over the map and differ from image to image.
        int CellOf(int sample)
        {
            int image = sample / perImage, i = sample % perImage;
            return (int)(((long)i * maps.Count + image) * maps.Cells / ((long)perImage * maps.Count));
        }
    }

    /// <summary>Measures a model at one chosen cell of each map, such as where a code is used.</summary>
    /// <param name="probe">The model.</param>
    /// <param name="maps">The quantized latents of some images.</param>
    /// <param name="cells">The cell of each map, an index into its rows.</param>
    internal static InfluenceMap Measure(ModelProbe probe, LatentMaps maps, IReadOnlyList<int> cells) =>
        Measure(probe, maps, perImage: 1, sample => cells[sample]);

    private static InfluenceMap Measure(ModelProbe probe, LatentMaps maps, int perImage, Func<int, int> cellOf)
    {
        probe.CheckDimensions(maps);
        int pixels = probe.Model.Options.PixelsPerCode;
        int width = maps.Width * pixels, height = maps.Height * pixels;
        int channels = probe.Model.Options.Channels;
        // Each 3x3 convolution extends the reach by one cell, the transposed convolutions together by less than one.
        int cells = Math.Min(2 + probe.Model.Options.ResidualLayers, Math.Max(maps.Width, maps.Height) - 1);
        int reach = Math.Min(pixels * cells, MostReach);
        float[][] whole = new float[maps.Count][];
        probe.Decode(
            maps.Count, maps.Height, maps.Width,
            (i, map) => maps.Of(i).CopyTo(map),
            (i, values) =>
            {
                PixelValues.ToUnitRange(values);
                whole[i] = values.ToArray();
            });

        var sums = new Sums(reach, pixels);
        probe.Decode(
            maps.Count * perImage, maps.Height, maps.Width,
            (sample, map) =>
            {
                maps.Of(sample / perImage).CopyTo(map);
                map.Slice(cellOf(sample) * maps.Dimensions, maps.Dimensions).Clear();
            },
            (sample, values) =>
            {
                PixelValues.ToUnitRange(values);
                sums.Add(
                    whole[sample / perImage], values, width, height, channels,
                    cellOf(sample) % maps.Width, cellOf(sample) / maps.Width);
            });
        return new InfluenceMap(reach, pixels, sums.Means(), maps.Count * perImage);
    }

    /// <summary>The sums of the changes at each offset from the cell.</summary>
    private sealed class Sums
    {
        private readonly int _reach, _cell, _side;
        private readonly double[] _sums;
        private readonly long[] _counts;

        public Sums(int reach, int cell)
        {
            (_reach, _cell, _side) = (reach, cell, 2 * reach + cell);
            (_sums, _counts) = (new double[_side * _side], new long[_side * _side]);
        }

        public void Add(
            ReadOnlySpan<float> before, ReadOnlySpan<float> after,
            int width, int height, int channels, int column, int row)
        {
            int left = column * _cell - _reach, top = row * _cell - _reach, side = _side;
            for (int y = Math.Max(top, 0); y < Math.Min(top + side, height); y++)
            {
                for (int x = Math.Max(left, 0); x < Math.Min(left + side, width); x++)
                {
                    double change = 0;
                    for (int i = (y * width + x) * channels; i < (y * width + x + 1) * channels; i++)
                        change += Math.Abs(after[i] - before[i]);
                    int place = (y - top) * side + x - left;
                    _sums[place] += change / channels;
                    _counts[place]++;
                }
            }
        }

        public float[] Means() => [.. _sums.Zip(_counts, (sum, count) => (float)(sum / Math.Max(count, 1)))];
    }
}
