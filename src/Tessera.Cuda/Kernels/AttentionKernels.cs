using ILGPU;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Kernels;

/// <summary>The sizes of an attention as kernels see them.</summary>
internal readonly record struct AttentionSizes(
    int Length, int First, int Count, int Heads, int HeadWidth, int IsCausal, float Scale)
{
    public AttentionSizes(in AttentionGeometry g)
        : this(g.Length, g.First, g.Count, g.Heads, g.HeadWidth, g.IsCausal ? 1 : 0, g.Scale)
    {
    }

    /// <summary>The keys of a query, from position 0 on.</summary>
    public int Keys(int position) => IsCausal != 0 ? position + 1 : Length;

    /// <summary>The first query of a key.</summary>
    public int FirstQuery(int key) => IsCausal != 0 ? key : 0;

    /// <summary>Where the query (0), key (1) or value (2) of a position in a head begins.</summary>
    public int Projection(int sequence, int position, int kind, int head) =>
        (((sequence * Length + position) * 3 + kind) * Heads + head) * HeadWidth;

    /// <summary>Where the result of a query in a head begins.</summary>
    public int Result(int sequence, int query, int head) => ((sequence * Count + query) * Heads + head) * HeadWidth;
}

/// <summary>
/// Attention without a matrix of scores in memory. Cost: 4 operations for each query, key and number of a head,
/// backward 14. Layout: a warp has a query (for the gradients of keys and values, a key) in one head. For 32 keys at a
/// time each lane takes the score of one; then each lane takes a column of the result, and the lanes' weights go round
/// by shuffles. Heads of more than 128 numbers are gone through once for each 128 columns. Bound: reading keys and
/// values from the caches.
/// </summary>
internal static class AttentionKernels
{
    internal readonly record struct Forward(AttentionSizes S, Floats Projections, Floats Y, Floats LogSums)
        : IWarpKernel
    {
        public void Run(int item, int lane)
        {
            int query = item % S.Count, head = item / S.Count % S.Heads, sequence = item / S.Count / S.Heads;
            int position = S.First + query, keys = S.Keys(position);
            int q = S.Projection(sequence, position, 0, head);
            for (int column = 0; column < S.HeadWidth; column += LaneColumns.Count)
            {
                float largest = float.NegativeInfinity, sum = 0;
                Float4 y = default;
                for (int first = 0; first < keys; first += Warps.Lanes)
                {
                    int key = first + lane;
                    float score = float.NegativeInfinity;
                    if (key < keys)
                        score = S.Scale * Dot(
                            Projections, q, Projections, S.Projection(sequence, key, 1, head), S.HeadWidth);
                    float before = largest, inTile = Warps.Max(score);
                    if (inTile > largest) largest = inTile;
                    float p = key < keys ? Numerics.Exp(score - largest) : 0, shrunk = Numerics.Exp(before - largest);
                    sum = sum * shrunk + Warps.Sum(p);
                    y = default(Float4).Add(shrunk, y);
                    for (int other = 0; other < Warps.Lanes && first + other < keys; other++)
                    {
                        int v = S.Projection(sequence, first + other, 2, head);
                        y = y.Add(
                            Warp.Shuffle(p, other), LaneColumns.Load(Projections, v, column + lane, S.HeadWidth));
                    }
                }
                y = default(Float4).Add(1 / sum, y);
                LaneColumns.Store(Y, S.Result(sequence, query, head), column + lane, S.HeadWidth, y);
                if (column == 0 && lane == 0) LogSums[item] = (float)(largest + Numerics.Log(sum));
            }
        }
    }

    /// <summary>
    /// The gradient of the queries; the products of results and their gradients are kept for the keys.
    /// </summary>
    internal readonly record struct QueryGradient(
        AttentionSizes S, Floats Projections, Floats Y, Floats LogSums, Floats GradY, Floats GradProjections,
        Floats Means) : IWarpKernel
    {
        public void Run(int item, int lane)
        {
            int query = item % S.Length, head = item / S.Length % S.Heads, sequence = item / S.Length / S.Heads;
            int q = S.Projection(sequence, query, 0, head), dy = S.Result(sequence, query, head), keys = S.Keys(query);
            float mean = 0;
            for (int i = lane; i < S.HeadWidth; i += Warps.Lanes) mean += GradY[dy + i] * Y[dy + i];
            mean = Warps.Sum(mean);
            if (lane == 0) Means[item] = mean;
            for (int column = 0; column < S.HeadWidth; column += LaneColumns.Count)
            {
                Float4 gradient = default;
                for (int first = 0; first < keys; first += Warps.Lanes)
                {
                    int key = first + lane;
                    float ds = 0;
                    if (key < keys)
                    {
                        int k = S.Projection(sequence, key, 1, head), v = S.Projection(sequence, key, 2, head);
                        float score = S.Scale * Dot(Projections, q, Projections, k, S.HeadWidth);
                        float p = Numerics.Exp(score - LogSums[item]);
                        ds = S.Scale * p * (Dot(GradY, dy, Projections, v, S.HeadWidth) - mean);
                    }
                    for (int other = 0; other < Warps.Lanes && first + other < keys; other++)
                    {
                        int k = S.Projection(sequence, first + other, 1, head);
                        gradient = gradient.Add(
                            Warp.Shuffle(ds, other), LaneColumns.Load(Projections, k, column + lane, S.HeadWidth));
                    }
                }
                LaneColumns.Store(GradProjections, q, column + lane, S.HeadWidth, gradient);
            }
        }
    }

    /// <summary>The gradients of the keys and values.</summary>
    internal readonly record struct KeyGradient(
        AttentionSizes S, Floats Projections, Floats LogSums, Floats GradY, Floats GradProjections, Floats Means)
        : IWarpKernel
    {
        public void Run(int item, int lane)
        {
            int key = item % S.Length, head = item / S.Length % S.Heads, sequence = item / S.Length / S.Heads;
            int k = S.Projection(sequence, key, 1, head), v = S.Projection(sequence, key, 2, head);
            int sums = item - key;
            for (int column = 0; column < S.HeadWidth; column += LaneColumns.Count)
            {
                Float4 gradK = default, gradV = default;
                for (int first = S.FirstQuery(key); first < S.Length; first += Warps.Lanes)
                {
                    int query = first + lane;
                    float p = 0, ds = 0;
                    if (query < S.Length)
                    {
                        int q = S.Projection(sequence, query, 0, head), dy = S.Result(sequence, query, head);
                        float score = S.Scale * Dot(Projections, q, Projections, k, S.HeadWidth);
                        p = Numerics.Exp(score - LogSums[sums + query]);
                        float dp = Dot(GradY, dy, Projections, v, S.HeadWidth);
                        ds = S.Scale * p * (dp - Means[sums + query]);
                    }
                    for (int other = 0; other < Warps.Lanes && first + other < S.Length; other++)
                    {
                        int q = S.Projection(sequence, first + other, 0, head);
                        int dy = S.Result(sequence, first + other, head);
                        gradK = gradK.Add(
                            Warp.Shuffle(ds, other), LaneColumns.Load(Projections, q, column + lane, S.HeadWidth));
                        gradV = gradV.Add(
                            Warp.Shuffle(p, other), LaneColumns.Load(GradY, dy, column + lane, S.HeadWidth));
                    }
                }
                LaneColumns.Store(GradProjections, k, column + lane, S.HeadWidth, gradK);
                LaneColumns.Store(GradProjections, v, column + lane, S.HeadWidth, gradV);
            }
        }
    }

    private static float Dot(Floats x, int atX, Floats y, int atY, int length)
    {
        float sum = 0;
        for (int i = 0; i < length; i++) sum += x[atX + i] * y[atY + i];
        return sum;
    }

    /// <summary>The columns of a lane: its own and every 32nd after it, four in all.</summary>
    private static class LaneColumns
    {
        /// <summary>Columns of all lanes.</summary>
        public const int Count = 4 * Warps.Lanes;

        public static Float4 Load(Floats x, int start, int column, int width) => new(
            At(x, start, column, width), At(x, start, column + Warps.Lanes, width),
            At(x, start, column + 2 * Warps.Lanes, width), At(x, start, column + 3 * Warps.Lanes, width));

        public static void Store(Floats x, int start, int column, int width, Float4 values)
        {
            if (column < width) x[start + column] = values.X;
            if (column + Warps.Lanes < width) x[start + column + Warps.Lanes] = values.Y;
            if (column + 2 * Warps.Lanes < width) x[start + column + 2 * Warps.Lanes] = values.Z;
            if (column + 3 * Warps.Lanes < width) x[start + column + 3 * Warps.Lanes] = values.W;
        }

        private static float At(Floats x, int start, int column, int width) => column < width ? x[start + column] : 0;
    }
}
