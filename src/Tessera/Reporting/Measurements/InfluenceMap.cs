using Tessera.Models;

namespace Tessera.Reporting.Measurements;

/// <summary>
/// How far one code reaches: what the reconstruction changes by, pixel by pixel around a cell, when the cell's vector
/// is zeroed; the mean over many cells of many pictures.
/// </summary>
/// <param name="Reach">Pixels around the cell, on each side, that were looked at.</param>
/// <param name="Change">
/// Mean absolute change in 0..1, <c>[side, side]</c>; the cell's own pixels are in the middle. Offsets beyond the edge
/// of a picture do not count.
/// </param>
/// <param name="Samples">Cells that were zeroed.</param>
internal sealed record InfluenceMap(int Reach, float[] Change, int Samples)
{
    // 2048 pictures of 32x32: what a second or two decode.
    private const long PixelBudget = 2048 * 32 * 32;

    /// <summary>Pixels in a row and in a column of the map.</summary>
    public int Side => SideOf(Reach);

    /// <summary>The distance of a place on the map from the middle of the cell, in pixels.</summary>
    public double Distance(int index)
    {
        double middle = (Side - 1) / 2.0, x = index % Side - middle, y = index / Side - middle;
        return Math.Sqrt(x * x + y * y);
    }

    /// <summary>
    /// The radius, in pixels around the middle of the cell, within which a share of the whole change lies.
    /// </summary>
    /// <param name="share">0 to 1.</param>
    /// <returns>0 where nothing changed at all.</returns>
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

    /// <summary>Measures a model.</summary>
    /// <param name="probe">The model.</param>
    /// <param name="maps">Quantized latents of some pictures.</param>
    public static InfluenceMap Measure(ModelProbe probe, LatentMaps maps)
    {
        int width = maps.Width * VqVae.PixelsPerCode, height = maps.Height * VqVae.PixelsPerCode;
        int channels = probe.Model.Options.Channels;
        // A code reaches one cell through each 3x3 convolution, and less than one more through the transposed ones.
        int cells = Math.Min(2 + probe.Model.Options.ResidualLayers, Math.Max(maps.Width, maps.Height) - 1);
        int reach = Math.Min(VqVae.PixelsPerCode * cells, 32);
        int perPicture = (int)Math.Clamp(PixelBudget / ((long)maps.Count * width * height), 1, maps.Cells);
        float[][] whole = new float[maps.Count][];
        probe.Decode(
            maps.Count, maps.Height, maps.Width, (i, map) => maps.Of(i).CopyTo(map), (i, picture) => whole[i] = picture.ToArray());

        var sums = new Sums(reach, SideOf(reach));
        probe.Decode(
            maps.Count * perPicture, maps.Height, maps.Width,
            (sample, map) =>
            {
                maps.Of(sample / perPicture).CopyTo(map);
                map.Slice(CellOf(sample) * maps.Dimensions, maps.Dimensions).Clear();
            },
            (sample, picture) => sums.Add(
                whole[sample / perPicture], picture, width, height, channels,
                CellOf(sample) % maps.Width, CellOf(sample) / maps.Width));
        return new InfluenceMap(reach, sums.Means(), maps.Count * perPicture);

        // Cells spread over the map, others in each picture.
        int CellOf(int sample)
        {
            int picture = sample / perPicture, i = sample % perPicture;
            return (int)(((long)i * maps.Count + picture) * maps.Cells / ((long)perPicture * maps.Count));
        }
    }

    private static int SideOf(int reach) => 2 * reach + VqVae.PixelsPerCode;

    /// <summary>Sums of changes by their offset from the cell.</summary>
    private sealed class Sums(int reach, int side)
    {
        private readonly double[] _sums = new double[side * side];
        private readonly long[] _counts = new long[side * side];

        public void Add(
            ReadOnlySpan<float> before, ReadOnlySpan<float> after, int width, int height, int channels, int column, int row)
        {
            int left = column * VqVae.PixelsPerCode - reach, top = row * VqVae.PixelsPerCode - reach;
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
