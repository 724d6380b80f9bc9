using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Attention by panels of queries, as many as a tile has columns: the scores of a panel, <c>[key][query]</c>, are
/// products of keys with packed queries, so that the softmax runs down its columns, lane by lane, and the values are
/// multiplied where they lie.
/// </summary>
/// <remarks>
/// Cost: 4 * keys * head width flops a query, at the rate of <see cref="MatrixTile{TSimd,TVector}"/>, and an
/// exponential for each score; keys after a panel's last query are left out. Every sum of a query runs over its own
/// keys in their order, whatever the panel: so a few queries, which would leave most of a panel empty, can be computed
/// one at a time with the same bits.
/// </remarks>
internal static unsafe class AttentionKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    // A panel costs as much as about 4 single queries.
    private const int FewQueries = 3;
    private const int ItemsPerThread = 16;
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    public static void Run(WorkerPool pool, AttentionGeometry g, float* projections, float* y, float* logSums)
    {
        int panels = (g.Count + TileColumns - 1) / TileColumns, units = checked(g.Batch * g.Heads * panels);
        pool.RunRanges(units, Math.Max(1, units / (ItemsPerThread * pool.Threads)), (first, count) =>
        {
            using var memory = new PanelMemory(g);
            for (int unit = first; unit < first + count; unit++)
            {
                (int item, int panel) = Math.DivRem(unit, panels);
                int query = panel * TileColumns;
                var work = new Panel(
                    g, new AttentionHead(g, projections, item), query, Math.Min(TileColumns, g.Count - query), y,
                    logSums + (nint)item * g.Count + query);
                if (unit == first) work.Head.Prefetch(g);
                if (panel == 0 && unit + panels < first + count)
                    new AttentionHead(g, projections, item + 1).Prefetch(g);
                if (work.Queries > FewQueries) Together(work, memory);
                else OneByOne(work, memory);
            }
        });
    }

    /// <summary>
    /// Packs up to a panel of vectors, times a number, as <c>[element][vector]</c>; vectors past the last are zeros.
    /// </summary>
    public static void Pack(float* from, nint stride, int vectors, int width, float scale, float* packed)
    {
        if (vectors < TileColumns) new Span<float>(packed, width * TileColumns).Clear();
        Transposition.Run(from, stride, vectors, width, packed, TileColumns, accumulate: false);
        RowMath<TSimd, TVector>.Scale(packed, width * TileColumns, scale, packed);
    }

    private static void Together(in Panel panel, in PanelMemory memory)
    {
        AttentionGeometry g = panel.Geometry;
        Pack(
            panel.Head.Queries + panel.Position * panel.Head.Stride, panel.Head.Stride, panel.Queries, g.HeadWidth,
            g.Scale, memory.Queries);
        int keys = g.Keys(panel.Position + panel.Queries - 1);
        MatrixTile<TSimd, TVector>.Product(
            panel.Head.Keys, keys, panel.Head.Stride, g.HeadWidth, memory.Queries, memory.Scores);
        if (g.IsCausal) Mask(memory.Scores, panel.Position, keys);
        Softmax(memory.Scores, keys, memory.Inverses, memory.LogSums);
        new ReadOnlySpan<float>(memory.LogSums, panel.Queries).CopyTo(new Span<float>(panel.LogSums, panel.Queries));
        for (int query = 0; query < panel.Queries; query += TileRows)
            Weigh(panel, memory, query, Math.Min(TileRows, panel.Queries - query));
    }

    /// <summary>Scores of keys after their query become minus infinity.</summary>
    private static void Mask(float* scores, int position, int keys)
    {
        for (int key = position + 1; key < keys; key++)
        {
            RowMath<TSimd, TVector>.Fill(
                scores + (nint)key * TileColumns, key - position, float.NegativeInfinity);
        }
    }

    /// <summary>
    /// Replaces the scores by <c>exp(score - largest)</c>, and computes their sums' inverses and logarithms.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(float* scores, int keys, float* inverses, float* logSums)
    {
        TVector largest0 = TSimd.Broadcast(float.NegativeInfinity), largest1 = largest0;
        float* end = scores + (nint)keys * TileColumns;
        for (float* s = scores; s < end; s += TileColumns)
        {
            TVector s0 = TSimd.Load(s), s1 = TSimd.Load(s + TSimd.Width);
            largest0 = TSimd.WhereGreater(s0, largest0, s0, largest0);
            largest1 = TSimd.WhereGreater(s1, largest1, s1, largest1);
        }
        TVector sum0 = TSimd.Broadcast(0), sum1 = sum0;
        for (float* s = scores; s < end; s += TileColumns)
        {
            TVector p0 = VectorMath<TSimd, TVector>.Exp(TSimd.Subtract(TSimd.Load(s), largest0));
            TVector p1 = VectorMath<TSimd, TVector>.Exp(TSimd.Subtract(TSimd.Load(s + TSimd.Width), largest1));
            sum0 = TSimd.Add(sum0, p0);
            sum1 = TSimd.Add(sum1, p1);
            TSimd.Store(p0, s);
            TSimd.Store(p1, s + TSimd.Width);
        }
        TSimd.Store(largest0, logSums);
        TSimd.Store(largest1, logSums + TSimd.Width);
        TSimd.Store(sum0, inverses);
        TSimd.Store(sum1, inverses + TSimd.Width);
        for (int query = 0; query < TileColumns; query++)
        {
            logSums[query] += MathF.Log(inverses[query]);
            inverses[query] = 1 / inverses[query];
        }
    }

    /// <summary>
    /// The results of the queries of a tile: keys that all of them have by the tile's product, the rest one by one.
    /// Weights of 0 would not do: a later value, which need not be finite, must not reach an earlier query.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(in Panel panel, in PanelMemory memory, int query, int queries)
    {
        AttentionGeometry g = panel.Geometry;
        AttentionHead head = panel.Head;
        int common = g.Keys(panel.Position + query), column = 0;
        float* weights = memory.Scores + query, tile = memory.Tile;
        for (; column <= g.HeadWidth - TileColumns; column += TileColumns)
        {
            MatrixTile<TSimd, TVector>.TransposedTimesPanel(
                weights, 1, 0, common, TileColumns, head.Values + column, head.Stride, memory.Zeros, tile);
            for (int i = 0; i < queries; i++)
            {
                float* result = panel.Result(query + i) + column;
                TSimd.Store(TSimd.Load(tile + i * TileColumns), result);
                TSimd.Store(TSimd.Load(tile + i * TileColumns + TSimd.Width), result + TSimd.Width);
            }
        }
        for (int i = 0; i < queries; i++)
        {
            float* result = panel.Result(query + i);
            int keys = g.Keys(panel.Position + query + i);
            AddValues(
                weights + (nint)common * TileColumns + i, TileColumns, head.Values + common * head.Stride, head.Stride,
                keys - common, result, column);
            // Columns that fill no tile.
            RowMath<TSimd, TVector>.Fill(result + column, g.HeadWidth - column, 0);
            AddValues(
                weights + i, TileColumns, head.Values + column, head.Stride, keys, result + column,
                g.HeadWidth - column);
            RowMath<TSimd, TVector>.Scale(result, g.HeadWidth, memory.Inverses[query + i], result);
        }
    }

    private static void OneByOne(in Panel panel, in PanelMemory memory)
    {
        AttentionGeometry g = panel.Geometry;
        float* q = memory.Queries, weights = memory.Scores;
        for (int query = 0; query < panel.Queries; query++)
        {
            int position = panel.Position + query, keys = g.Keys(position);
            RowMath<TSimd, TVector>.Scale(
                panel.Head.Queries + position * panel.Head.Stride, g.HeadWidth, g.Scale, q);
            Scores(q, g.HeadWidth, panel.Head.Keys, panel.Head.Stride, keys, weights);
            float sum = Softmax(weights, keys, out float largest);
            panel.LogSums[query] = largest + MathF.Log(sum);
            float* result = panel.Result(query);
            RowMath<TSimd, TVector>.Fill(result, g.HeadWidth, 0);
            AddValues(weights, 1, panel.Head.Values, panel.Head.Stride, keys, result, g.HeadWidth);
            RowMath<TSimd, TVector>.Scale(result, g.HeadWidth, 1 / sum, result);
        }
    }

    /// <summary>The scores of a single query, of eight keys at a time: their sums are independent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores(float* query, nint width, float* keys, nint stride, int count, float* scores)
    {
        const int Keys = 8;
        for (; count > 0; count -= Keys, keys += Keys * stride, scores += Keys)
        {
            // Keys past the last one repeat it.
            nint Offset(int key) => Math.Min(key, count - 1) * stride;
            float* k1 = keys + Offset(1), k2 = keys + Offset(2), k3 = keys + Offset(3), k4 = keys + Offset(4);
            float* k5 = keys + Offset(5), k6 = keys + Offset(6), k7 = keys + Offset(7);
            float s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
            for (nint i = 0; i < width; i++)
            {
                float q = query[i];
                s0 = float.MultiplyAddEstimate(keys[i], q, s0);
                s1 = float.MultiplyAddEstimate(k1[i], q, s1);
                s2 = float.MultiplyAddEstimate(k2[i], q, s2);
                s3 = float.MultiplyAddEstimate(k3[i], q, s3);
                s4 = float.MultiplyAddEstimate(k4[i], q, s4);
                s5 = float.MultiplyAddEstimate(k5[i], q, s5);
                s6 = float.MultiplyAddEstimate(k6[i], q, s6);
                s7 = float.MultiplyAddEstimate(k7[i], q, s7);
            }
            (scores[0], scores[1], scores[2], scores[3]) = (s0, s1, s2, s3);
            (scores[4], scores[5], scores[6], scores[7]) = (s4, s5, s6, s7);
        }
    }

    /// <summary>The same as for a panel, for the scores of one query; returns the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Softmax(float* scores, int keys, out float largest)
    {
        largest = float.NegativeInfinity;
        for (int key = 0; key < keys; key++) largest = scores[key] > largest ? scores[key] : largest;
        TVector shift = TSimd.Broadcast(largest);
        for (int key = 0; key < keys; key += TSimd.Width)
        {
            TSimd.Store(
                VectorMath<TSimd, TVector>.Exp(TSimd.Subtract(TSimd.Load(scores + key), shift)), scores + key);
        }
        float sum = 0;
        for (int key = 0; key < keys; key++) sum += scores[key];
        return sum;
    }

    /// <summary><c>sums[c] += sum over keys j of weights[j * weightStride] * values[j * stride + c]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddValues(
        float* weights, nint weightStride, float* values, nint stride, int keys, float* sums, int columns)
    {
        if (keys == 0 || columns == 0) return;
        float* end = weights + keys * weightStride;
        int column = 0;
        for (; column <= columns - 4 * TSimd.Width; column += 4 * TSimd.Width)
        {
            float* to = sums + column, from = values + column;
            TVector s0 = TSimd.Load(to), s1 = TSimd.Load(to + TSimd.Width);
            TVector s2 = TSimd.Load(to + 2 * TSimd.Width), s3 = TSimd.Load(to + 3 * TSimd.Width);
            for (float* weight = weights; weight < end; weight += weightStride, from += stride)
            {
                TVector p = TSimd.Broadcast(*weight);
                s0 = TSimd.MultiplyAdd(p, TSimd.Load(from), s0);
                s1 = TSimd.MultiplyAdd(p, TSimd.Load(from + TSimd.Width), s1);
                s2 = TSimd.MultiplyAdd(p, TSimd.Load(from + 2 * TSimd.Width), s2);
                s3 = TSimd.MultiplyAdd(p, TSimd.Load(from + 3 * TSimd.Width), s3);
            }
            TSimd.Store(s0, to);
            TSimd.Store(s1, to + TSimd.Width);
            TSimd.Store(s2, to + 2 * TSimd.Width);
            TSimd.Store(s3, to + 3 * TSimd.Width);
        }
        for (; column <= columns - TSimd.Width; column += TSimd.Width)
        {
            TVector sum = TSimd.Load(sums + column);
            float* from = values + column;
            for (float* weight = weights; weight < end; weight += weightStride, from += stride)
                sum = TSimd.MultiplyAdd(TSimd.Broadcast(*weight), TSimd.Load(from), sum);
            TSimd.Store(sum, sums + column);
        }
        for (; column < columns; column++)
        {
            float sum = sums[column];
            float* from = values + column;
            for (float* weight = weights; weight < end; weight += weightStride, from += stride)
                sum = float.MultiplyAddEstimate(*weight, *from, sum);
            sums[column] = sum;
        }
    }

    /// <summary>Some consecutive queries of a head.</summary>
    private readonly struct Panel(
        in AttentionGeometry geometry, AttentionHead head, int first, int queries, float* y, float* logSums)
    {
        public AttentionGeometry Geometry { get; } = geometry;
        public AttentionHead Head { get; } = head;
        public int Queries { get; } = queries;

        /// <summary>The first query's position.</summary>
        public int Position { get; } = geometry.First + first;

        /// <summary>The sums of these queries.</summary>
        public float* LogSums { get; } = logSums;

        private readonly float* _results = y + head.Results + (nint)first * geometry.Width;

        public float* Result(int query) => _results + (nint)query * Geometry.Width;
    }

    /// <summary>A thread's working memory.</summary>
    private readonly struct PanelMemory : IDisposable
    {
        private readonly Scratch _scratch;

        public PanelMemory(in AttentionGeometry g)
        {
            // The last tile reads up to 5 floats past the last score.
            int scores = (g.Length + TileRows) * TileColumns;
            int tile = TileRows * TileColumns;
            _scratch = new Scratch(2L * tile + 2 * TileColumns + (long)g.HeadWidth * TileColumns + scores);
            Zeros = _scratch.Floats;
            Tile = Zeros + tile;
            Inverses = Tile + tile;
            LogSums = Inverses + TileColumns;
            Queries = LogSums + TileColumns;
            Scores = Queries + (nint)g.HeadWidth * TileColumns;
            new Span<float>(Zeros, tile).Clear();
            // Single queries compute with what lies past their last score.
            new Span<float>(Scores, scores).Clear();
        }

        public float* Zeros { get; }
        public float* Tile { get; }
        public float* Inverses { get; }
        public float* LogSums { get; }

        /// <summary>The packed queries.</summary>
        public float* Queries { get; }

        public float* Scores { get; }

        public void Dispose() => _scratch.Dispose();
    }
}
