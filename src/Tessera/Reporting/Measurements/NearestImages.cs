using System.Numerics.Tensors;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Priors;

namespace Tessera.Reporting.Measurements;

/// <summary>The training image nearest to an image.</summary>
/// <param name="Number">Its number in the set; the first of several equally near ones.</param>
/// <param name="IsMirrored">Whether its mirror image is the nearer one.</param>
/// <param name="Distance">Codes that differ, or the sum of squared differences of bytes.</param>
internal readonly record struct Neighbour(int Number, bool IsMirrored, long Distance);

/// <summary>
/// Finds the nearest training images by trying all of them and their mirror images. Distances are whole numbers, so the
/// result depends neither on the threads nor on the machine.
/// </summary>
internal static class NearestImages
{
    // Candidates of one task.
    private const int BlockSize = 128;

    // Products of bytes whose sum fits an int.
    private const int SafeProducts = 1 << 15;

    /// <summary>Computes the distance of a candidate to every query.</summary>
    private delegate void DistancesOf(int candidate, Span<long> distances);

    /// <summary>The nearest by the number of codes that differ (Hamming distance).</summary>
    /// <param name="queries">The codes of the images to find neighbours of, <c>[images, length]</c>.</param>
    /// <param name="training">The codes of the training images and of their mirror images.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>A neighbour for each image.</returns>
    public static Neighbour[] ByCodes(int[] queries, CodeSet training, CancellationToken cancellation)
    {
        int length = training.Length;
        return Nearer(Find(training.Codes), Find(training.Mirrored!));

        (int, long)[] Find(int[] candidates) => NearestImages.Find(queries.Length / length, training.Count,
            (candidate, distances) =>
            {
                ReadOnlySpan<int> codes = candidates.AsSpan(candidate * length, length);
                for (int i = 0; i < distances.Length; i++)
                    distances[i] = TensorPrimitives.HammingDistance(queries.AsSpan(i * length, length), codes);
            },
            cancellation);
    }

    /// <summary>The nearest by the sum of the squared differences of the bytes.</summary>
    /// <param name="queries">The images to find neighbours of, of the training images' size.</param>
    /// <param name="training">The training images.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>A neighbour for each image.</returns>
    public static Neighbour[] ByPixels(
        IReadOnlyList<Image> queries, ImageSet training, CancellationToken cancellation)
    {
        // A mirror image is as far from an image as the image's mirror image is from the original.
        int[][] values = [.. queries.Concat(queries.Select(Mirrored)).Select(image => Values(image.Pixels))];
        long[] squares = [.. values.Select(own => Dot(own, own))];
        (int, long)[] found = Find(values.Length, training.Count,
            (candidate, distances) =>
            {
                int[] other = Values(training.Pixels(candidate));
                long square = Dot(other, other);
                for (int i = 0; i < distances.Length; i++)
                    distances[i] = squares[i] + square - 2 * Dot(values[i], other);
            },
            cancellation);
        return Nearer(found[..queries.Count], found[queries.Count..]);

        static int[] Values(ReadOnlySpan<byte> bytes)
        {
            int[] values = new int[bytes.Length];
            TensorPrimitives.ConvertTruncating(bytes, values);
            return values;
        }
    }

    /// <summary>The image mirrored left to right.</summary>
    public static Image Mirrored(Image image)
    {
        Image mirrored = Image.Black(image.Width, image.Height, image.Channels);
        int channels = image.Channels, pixels = image.Width * image.Height;
        for (int i = 0; i < pixels; i++)
        {
            int other = i + image.Width - 1 - 2 * (i % image.Width);
            image.Pixels.AsSpan(i * channels, channels).CopyTo(mirrored.Pixels.AsSpan(other * channels));
        }
        return mirrored;
    }

    /// <summary>The exact sum of products.</summary>
    /// <param name="x">Numbers of 0 to 255.</param>
    /// <param name="y">As many such numbers.</param>
    internal static long Dot(ReadOnlySpan<int> x, ReadOnlySpan<int> y)
    {
        long sum = 0;
        for (int from = 0; from < x.Length; from += SafeProducts)
        {
            int length = Math.Min(SafeProducts, x.Length - from);
            sum += TensorPrimitives.Dot(x.Slice(from, length), y.Slice(from, length));
        }
        return sum;
    }

    /// <summary>The nearest candidate of each query; the first of equally near ones.</summary>
    private static (int Number, long Distance)[] Find(
        int queries, int candidates, DistancesOf distancesOf, CancellationToken cancellation)
    {
        var nearest = new (int Number, long Distance)[(candidates + BlockSize - 1) / BlockSize][];
        Parallel.For(0, nearest.Length, new ParallelOptions { CancellationToken = cancellation }, block =>
        {
            var own = new (int Number, long Distance)[queries];
            Array.Fill(own, (-1, long.MaxValue));
            long[] distances = new long[queries];
            for (int i = block * BlockSize; i < Math.Min((block + 1) * BlockSize, candidates); i++)
            {
                distancesOf(i, distances);
                for (int query = 0; query < queries; query++)
                {
                    if (distances[query] < own[query].Distance) own[query] = (i, distances[query]);
                }
            }
            nearest[block] = own;
        });
        // MinBy takes the first block of equally near ones.
        return [.. Enumerable.Range(0, queries).Select(
            query => nearest.Select(block => block[query]).MinBy(found => found.Distance))];
    }

    private static Neighbour[] Nearer((int Number, long Distance)[] plain, (int Number, long Distance)[] mirrored) =>
    [
        .. plain.Zip(mirrored, (own, other) => own.Distance <= other.Distance
            ? new Neighbour(own.Number, IsMirrored: false, own.Distance)
            : new Neighbour(other.Number, IsMirrored: true, other.Distance)),
    ];
}
