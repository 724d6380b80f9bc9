using Tessera.Tensors;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Tessera.Quantization;

/// <summary>
/// k-means: Lloyd's iterations (Lloyd 1982), initialized by k-means++ (Arthur and Vassilvitskii 2007, section 2.2),
/// which draws each centre from the vectors with probability proportional to the squared distance to the nearest centre
/// so far.
/// </summary>
/// <example><code>
/// Tensor vectors = Tensor.From([0, 0.1f, 9, 9.1f], [4, 1]);
/// using Tensor centres = KMeans.Cluster(vectors, clusters: 2, new CounterRandom(seed: 1, stream: 0));   // 0.05, 9.05
/// </code></example>
internal static class KMeans
{
    /// <summary>Number of Lloyd's iterations; after these the centres hardly move.</summary>
    public const int Iterations = 8;

    /// <summary>The most centres for a codebook: more would take minutes.</summary>
    public const int MostClusters = 16_384;

    /// <summary>Finds the centres of clusters.</summary>
    /// <param name="vectors"><c>[vectors, dimensions]</c>, at least one.</param>
    /// <param name="clusters">
    /// Number of clusters, at least 1; if there are fewer distinct vectors, centres coincide.
    /// </param>
    /// <param name="random">The random numbers of the initialization.</param>
    /// <returns>
    /// <c>[clusters, dimensions]</c>; a centre without vectors stays where it was. The caller disposes it.
    /// </returns>
    public static Tensor Cluster(Tensor vectors, int clusters, CounterRandom random)
    {
        int dimensions = vectors.Shape.Last;
        float[] first = Spread(vectors.ToArray(), dimensions, clusters, random);
        Tensor centres = Tensor.From(first, [clusters, dimensions], vectors.Device);
        using Tensor sums = Tensor.Zeros(centres.Shape, vectors.Device);
        using Tensor sizes = Tensor.Zeros([clusters], vectors.Device);
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            using Indices nearest = vectors.NearestRows(centres);
            vectors.SumRowsByIndex(nearest, sums, sizes);
            // A centre without vectors keeps its place: a row with the divisor 0 does not change.
            sums.DivideRows(sizes, centres);
        }
        return centres;
    }

    /// <summary>The initial centres of k-means++.</summary>
    private static float[] Spread(float[] vectors, int dimensions, int clusters, CounterRandom random)
    {
        int count = vectors.Length / dimensions;
        float[] centres = new float[clusters * dimensions];
        double[] distances = new double[count];
        Array.Fill(distances, double.PositiveInfinity);
        int chosen = random.Below(0, count);
        for (int cluster = 0; cluster < clusters; cluster++)
        {
            if (cluster > 0) chosen = Draw(distances, random.Uniform((ulong)cluster));
            ReadOnlySpan<float> centre = vectors.AsSpan(chosen * dimensions, dimensions);
            centre.CopyTo(centres.AsSpan(cluster * dimensions));
            for (int i = 0; i < count; i++)
            {
                double distance = TensorPrimitives.Distance(vectors.AsSpan(i * dimensions, dimensions), centre);
                distances[i] = Math.Min(distances[i], distance * distance);
            }
        }
        return centres;
    }

    /// <summary>Draws an index with probability proportional to its weight; uniformly if all weights are 0.</summary>
    private static int Draw(double[] weights, double uniform)
    {
        double total = weights.Sum();
        if (total == 0) return (int)(uniform * weights.Length);
        double rest = uniform * total;
        int last = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0) continue;
            last = i;
            rest -= weights[i];
            if (rest < 0) break;
        }
        return last;
    }
}
