using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Random;

namespace Tessera.Tests.Quantization;

public class KMeansTests
{
    [Fact]
    public void Clusters_far_apart_are_found_whatever_the_seed()
    {
        (float X, float Y)[] middles = [(0, 0), (10, 0), (0, 10), (10, 10), (5, 20)];
        float[] noise = new float[2 * 500];
        new CounterRandom(1, 0).FillNormal(noise);
        float[] vectors = [.. noise.Select(
            (value, i) => 0.1f * value + (i % 2 == 0 ? middles[i / 2 % 5].X : middles[i / 2 % 5].Y))];
        for (ulong seed = 0; seed < 10; seed++)
        {
            float[] centres = Cluster(vectors, 2, 5, seed);
            foreach ((float x, float y) in middles)
            {
                double nearest = Enumerable.Range(0, 5)
                    .Min(i => Math.Abs(centres[2 * i] - x) + Math.Abs(centres[2 * i + 1] - y));
                Assert.True(nearest < 0.1, $"seed {seed}: the centre nearest to ({x}, {y}) is {nearest} away");
            }
        }
    }

    /// <summary>
    /// At convergence each centre is the mean of its vectors, so one more iteration (a plain loop here) changes little.
    /// </summary>
    [Fact]
    public void Centres_are_nearly_converged_and_better_than_random_vectors()
    {
        const int Count = 400, Dimensions = 3, Clusters = 20;
        float[] vectors = new float[Count * Dimensions];
        new CounterRandom(2, 0).FillNormal(vectors);
        float[] centres = Cluster(vectors, Dimensions, Clusters, seed: 3);
        double found = Error(vectors, centres, Dimensions);
        double drawn = Error(vectors, vectors[..(Clusters * Dimensions)], Dimensions);
        Assert.True(found < drawn, $"the error of k-means is {found:0.000}; that of random vectors is {drawn:0.000}");
        float[] next = [.. centres.Chunk(Dimensions).SelectMany((_, centre) => Mean([.. vectors.Chunk(Dimensions)
            .Where(vector => Nearest(vector, centres) == centre)]))];
        double rest = Error(vectors, next, Dimensions);
        Assert.InRange(rest, 0.98 * found, found);
    }

    private static float[] Mean(float[][] vectors) =>
        [.. Enumerable.Range(0, vectors[0].Length).Select(i => vectors.Average(vector => vector[i]))];

    private static int Nearest(float[] vector, float[] centres) => centres.Chunk(vector.Length)
        .Select((centre, i) => (i, Distance: vector.Zip(centre, (a, b) => (double)(a - b) * (a - b)).Sum()))
        .MinBy(each => each.Distance).i;

    [Fact]
    public void The_same_seed_gives_the_same_centres()
    {
        float[] vectors = new float[300];
        new CounterRandom(2, 0).FillNormal(vectors);
        float[][] twice = [.. Enumerable.Range(0, 2).Select(_ => Cluster(vectors, 3, 7, seed: 5))];
        Assert.Equal(twice[0], twice[1]);
    }

    [Fact]
    public void Fewer_different_vectors_than_clusters_give_centres_among_them()
    {
        float[] centres = Cluster([1, 1, 1, 4], 1, 6, seed: 1);
        Assert.Equal(6, centres.Length);
        Assert.Equal([1f, 4f], centres.Distinct().Order());
    }

    private static float[] Cluster(float[] vectors, int dimensions, int clusters, ulong seed)
    {
        using Tensor all = Tensor.From(vectors, [vectors.Length / dimensions, dimensions]);
        using Tensor centres = KMeans.Cluster(all, clusters, new CounterRandom(seed, 0));
        Assert.Equal(new Shape(clusters, dimensions), centres.Shape);
        return centres.ToArray();
    }

    private static double Error(float[] vectors, float[] centres, int dimensions) =>
        vectors.Chunk(dimensions).Sum(
            vector => centres.Chunk(dimensions).Min(centre => vector.Zip(centre, (a, b) => Math.Pow(a - b, 2)).Sum()));
}
