using System.Numerics;
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
    // Candidates of one task: all queries of images of CIFAR-10 stay in the second-level cache meanwhile.
    private const int BlockSize = 128;

    // Bytes whose squared differences sum to less than 2^32, in any lane of any vector.
    private const int SafeBytes = 1 << 16;

    private delegate long DistanceOf(int query, int candidate);

    /// <summary>The nearest by the number of codes that differ (Hamming distance).</summary>
    /// <param name="queries">The codes of the images to find neighbours of, <c>[images, length]</c>.</param>
    /// <param name="training">The codes of the training images and of their mirror images.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>A neighbour for each image.</returns>
    public static Neighbour[] ByCodes(int[] queries, CodeSet training, CancellationToken cancellation)
    {
        int length = training.Length;
        return Nearer(Find(training.Codes), Find(training.Mirrored!));

        (int, long)[] Find(int[] candidates) => NearestImages.Find(
            queries.Length / length, training.Count,
            (query, candidate) => TensorPrimitives.HammingDistance<int>(
                queries.AsSpan(query * length, length), candidates.AsSpan(candidate * length, length)),
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
        return Nearer(Find(queries), Find([.. queries.Select(Mirrored)]));

        (int, long)[] Find(IReadOnlyList<Image> images) => NearestImages.Find(
            images.Count, training.Count,
            (query, candidate) => SquaredDistance(images[query].Pixels, training.Pixels(candidate)), cancellation);
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

    /// <summary>The sum of the squared differences of bytes.</summary>
    /// <param name="x">Bytes.</param>
    /// <param name="y">As many bytes.</param>
    internal static long SquaredDistance(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        long sum = 0;
        for (int from = 0; from < x.Length; from += SafeBytes)
        {
            int length = Math.Min(SafeBytes, x.Length - from);
            sum += SumOfSquares(x.Slice(from, length), y.Slice(from, length));
        }
        return sum;
    }

    private static long SumOfSquares(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        Vector<uint> sums = Vector<uint>.Zero;
        int i = 0;
        for (; i <= x.Length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            Vector<byte> a = new(x[i..]), b = new(y[i..]);
            Vector.Widen(Vector.Max(a, b) - Vector.Min(a, b), out Vector<ushort> low, out Vector<ushort> high);
            // 255 * 255 still fits 16 bits.
            Vector.Widen(low * low, out Vector<uint> first, out Vector<uint> second);
            Vector.Widen(high * high, out Vector<uint> third, out Vector<uint> fourth);
            sums += first + second + third + fourth;
        }
        long sum = 0;
        for (int lane = 0; lane < Vector<uint>.Count; lane++) sum += sums[lane];
        for (; i < x.Length; i++) sum += (x[i] - y[i]) * (x[i] - y[i]);
        return sum;
    }

    /// <summary>The nearest candidate of each query; the first of equally near ones.</summary>
    private static (int Number, long Distance)[] Find(
        int queries, int candidates, DistanceOf distance, CancellationToken cancellation)
    {
        var nearest = new (int Number, long Distance)[(candidates + BlockSize - 1) / BlockSize][];
        Parallel.For(0, nearest.Length, new ParallelOptions { CancellationToken = cancellation }, block =>
        {
            var own = new (int Number, long Distance)[queries];
            Array.Fill(own, (-1, long.MaxValue));
            for (int i = block * BlockSize; i < Math.Min((block + 1) * BlockSize, candidates); i++)
            {
                for (int query = 0; query < queries; query++)
                {
                    long found = distance(query, i);
                    if (found < own[query].Distance) own[query] = (i, found);
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
