using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// The gradient of attention by blocks of queries and keys of one head. The weights p and their gradients ds of a
/// block, <c>[key][query]</c>, are computed anew from the forward pass's sums; they are factors of three more products.
/// </summary>
/// <remarks>
/// Cost: 10 * head width flops and an exponential for each pair of a query and a key, at the rate of
/// <see cref="MatrixTile{TSimd,TVector}"/>; blocks of keys after a block's queries are left out. A block's memory is
/// some hundred KB. The gradients of keys and values are sums over the queries of a block, added up block by block.
/// </remarks>
internal static unsafe class AttentionGradientKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    // Queries and keys of a block: a multiple of the rows and of the columns of every tile, so that tiles of keys and
    // of queries start at the same positions.
    private const int Block = 96;
    private const int ItemsPerThread = 16;
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    public static void Run(
        WorkerPool pool, AttentionGeometry g, float* projections, float* y, float* logSums, float* gradY,
        float* gradProjections)
    {
        int items = g.Batch * g.Heads;
        pool.RunRanges(items, Math.Max(1, items / (ItemsPerThread * pool.Threads)), (first, count) =>
        {
            using var memory = new BlockMemory(g);
            for (int item = first; item < first + count; item++)
            {
                if (item == first) Prefetch(g, item, projections, y, gradY, gradProjections);
                if (item + 1 < first + count) Prefetch(g, item + 1, projections, y, gradY, gradProjections);
                RunHead(
                    g, new AttentionHead(g, projections, item), new AttentionHead(g, gradProjections, item), y,
                    logSums + (nint)item * g.Length, gradY, memory);
            }
        });
    }

    private static void Prefetch(
        in AttentionGeometry g, int item, float* projections, float* y, float* gradY, float* gradProjections)
    {
        var head = new AttentionHead(g, projections, item);
        head.Prefetch(g);
        AttentionHead.PrefetchRows(y + head.Results, g.Width, g.Length, g.HeadWidth);
        AttentionHead.PrefetchRows(gradY + head.Results, g.Width, g.Length, g.HeadWidth);
        new AttentionHead(g, gradProjections, item).Prefetch(g);
    }

    private static void RunHead(
        in AttentionGeometry g, in AttentionHead head, in AttentionHead gradient, float* y, float* logSums,
        float* gradY, in BlockMemory memory)
    {
        for (int position = 0; position < g.Length; position++)
        {
            RowMath<TSimd, TVector>.Fill(gradient.Keys + position * gradient.Stride, g.HeadWidth, 0);
            RowMath<TSimd, TVector>.Fill(gradient.Values + position * gradient.Stride, g.HeadWidth, 0);
        }
        for (int query = 0; query < g.Length; query += Block)
        {
            int queries = Math.Min(Block, g.Length - query), keys = g.Keys(query + queries - 1);
            PackQueries(g, head, query, queries, y, gradY, logSums + query, memory);
            for (int key = 0; key < keys; key += Block)
            {
                var pair = new Pair(g, head, gradient, query, queries, key, Math.Min(Block, keys - key));
                PackColumns(head.Keys + key * head.Stride, head.Stride, pair.Keys, g.HeadWidth, 1, memory.Keys);
                Weights(pair, memory);
                AddToQueries(pair, memory);
                AddToKeys(pair, memory.Slopes, memory.QueryColumns, gradient.Keys, memory);
                AddToKeys(pair, memory.Weights, memory.GradColumns, gradient.Values, memory);
            }
            StoreQueries(g, gradient, query, queries, memory);
        }
    }

    private static void PackQueries(
        in AttentionGeometry g, in AttentionHead head, int first, int queries, float* y, float* gradY, float* logSums,
        in BlockMemory memory)
    {
        float* q = head.Queries + first * head.Stride;
        nint start = head.Results + (nint)first * g.Width;
        PackColumns(q, head.Stride, queries, g.HeadWidth, g.Scale, memory.QueryColumns);
        PackColumns(gradY + start, g.Width, queries, g.HeadWidth, 1, memory.GradColumns);
        for (int query = 0; query < queries; query += TileColumns)
        {
            int vectors = Math.Min(TileColumns, queries - query);
            AttentionKernel<TSimd, TVector>.Pack(
                q + query * head.Stride, head.Stride, vectors, g.HeadWidth, g.Scale,
                memory.Queries + (nint)query * g.HeadWidth);
            AttentionKernel<TSimd, TVector>.Pack(
                gradY + start + (nint)query * g.Width, g.Width, vectors, g.HeadWidth, 1,
                memory.Gradients + (nint)query * g.HeadWidth);
        }
        for (int query = 0; query < queries; query++)
        {
            nint offset = start + (nint)query * g.Width;
            memory.LogSums[query] = logSums[query];
            memory.Means[query] = RowMath<TSimd, TVector>.Dot(gradY + offset, y + offset, g.HeadWidth);
        }
        new Span<float>(memory.QueryGradients, memory.QueryGradientsLength).Clear();
    }

    /// <summary>
    /// Packs up to a block of vectors, times a number, as <c>[panel][vector][Columns]</c>, with zeros past the last
    /// element.
    /// </summary>
    private static void PackColumns(float* from, nint stride, int vectors, int width, float scale, float* packed)
    {
        for (int column = 0; column < width; column += TileColumns)
        {
            int columns = Math.Min(TileColumns, width - column);
            for (int vector = 0; vector < vectors; vector++)
            {
                float* to = packed + column * (nint)Block + vector * TileColumns;
                RowMath<TSimd, TVector>.Scale(from + vector * stride + column, columns, scale, to);
                RowMath<TSimd, TVector>.Fill(to + columns, TileColumns - columns, 0);
            }
        }
    }

    /// <summary>Computes p and ds, without those of panels whose queries precede all keys of a tile.</summary>
    private static void Weights(in Pair pair, in BlockMemory memory)
    {
        float** keys = stackalloc float*[TileRows];
        float** values = stackalloc float*[TileRows];
        int width = pair.Geometry.HeadWidth;
        for (int key = 0; key < pair.Keys; key += TileRows)
        {
            // Rows past the last one repeat it; their products are dropped.
            for (int r = 0; r < TileRows; r++)
            {
                nint offset = (pair.FirstKey + Math.Min(key + r, pair.Keys - 1)) * pair.Head.Stride;
                keys[r] = pair.Head.Keys + offset;
                values[r] = pair.Head.Values + offset;
            }
            for (int query = pair.FirstPanel(key); query < pair.Queries; query += TileColumns)
            {
                nint panel = (nint)query * width;
                MatrixTile<TSimd, TVector>.RowsTimesPanel(
                    keys, 1, 0, width, memory.Queries + panel, memory.Zeros, memory.Scores);
                MatrixTile<TSimd, TVector>.RowsTimesPanel(
                    values, 1, 0, width, memory.Gradients + panel, memory.Zeros, memory.Tile);
                nint start = (nint)key * Block + query;
                Softmax(
                    memory.Scores, memory.Tile, memory.LogSums + query, memory.Means + query,
                    Math.Min(TileRows, pair.Keys - key), memory.Weights + start, memory.Slopes + start);
                if (pair.Geometry.IsCausal) Mask(pair, key, query, memory);
            }
        }
    }

    /// <summary>Of the scores and of <c>dy . v</c>, makes p and ds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(
        float* scores, float* products, float* logSums, float* means, int keys, float* weights, float* slopes)
    {
        for (int half = 0; half < 2; half++)
        {
            TVector logSum = TSimd.Load(logSums + half * TSimd.Width), mean = TSimd.Load(means + half * TSimd.Width);
            nint from = half * TSimd.Width, to = from;
            for (int key = 0; key < keys; key++, from += TileColumns, to += Block)
            {
                TVector p = VectorMath<TSimd, TVector>.Exp(TSimd.Subtract(TSimd.Load(scores + from), logSum));
                TSimd.Store(p, weights + to);
                TSimd.Store(TSimd.Multiply(p, TSimd.Subtract(TSimd.Load(products + from), mean)), slopes + to);
            }
        }
    }

    /// <summary>Clears p and ds of a tile's queries that precede a key.</summary>
    private static void Mask(in Pair pair, int key, int query, in BlockMemory memory)
    {
        for (int r = 0; r < Math.Min(TileRows, pair.Keys - key); r++)
        {
            int earlier = pair.FirstKey + key + r - (pair.FirstQuery + query);
            if (earlier <= 0) continue;
            nint start = (nint)(key + r) * Block + query;
            RowMath<TSimd, TVector>.Fill(memory.Weights + start, Math.Min(earlier, TileColumns), 0);
            RowMath<TSimd, TVector>.Fill(memory.Slopes + start, Math.Min(earlier, TileColumns), 0);
        }
    }

    /// <summary><c>dq[i] += sum over j of ds[i,j] k[j]</c>, not yet times the scale.</summary>
    private static void AddToQueries(in Pair pair, in BlockMemory memory)
    {
        float* sums = memory.QueryGradients;
        for (int query = 0; query < pair.Queries; query += TileRows)
        {
            int keys = pair.Geometry.Keys(pair.FirstQuery + query + TileRows - 1) - pair.FirstKey;
            keys = Math.Min(keys, pair.Keys);
            for (int column = 0; column < pair.Geometry.HeadWidth; column += TileColumns)
            {
                MatrixTile<TSimd, TVector>.TransposedTimesPanel(
                    memory.Slopes + query, 1, 0, keys, Block, memory.Keys + (nint)column * Block, TileColumns, sums,
                    sums);
                sums += TileRows * TileColumns;
            }
        }
    }

    /// <summary>Adds <c>sum over i of factors[j,i] * columns[i]</c> to the gradient of each key or value j.</summary>
    private static void AddToKeys(
        in Pair pair, float* factors, float* columns, float* gradient, in BlockMemory memory)
    {
        float** rows = stackalloc float*[TileRows];
        int width = pair.Geometry.HeadWidth;
        for (int key = 0; key < pair.Keys; key += TileRows)
        {
            int query = pair.FirstPanel(key);
            for (int r = 0; r < TileRows; r++)
                rows[r] = factors + (nint)Math.Min(key + r, pair.Keys - 1) * Block + query;
            for (int column = 0; column < width; column += TileColumns)
            {
                MatrixTile<TSimd, TVector>.RowsTimesPanel(
                    rows, 1, 0, pair.Queries - query, columns + (nint)column * Block + query * TileColumns,
                    memory.Zeros, memory.Tile);
                for (int r = 0; r < Math.Min(TileRows, pair.Keys - key); r++)
                {
                    RowMath<TSimd, TVector>.Add(
                        memory.Tile + r * TileColumns, Math.Min(TileColumns, width - column),
                        gradient + (pair.FirstKey + key + r) * pair.Gradient.Stride + column);
                }
            }
        }
    }

    private static void StoreQueries(
        in AttentionGeometry g, in AttentionHead gradient, int first, int queries, in BlockMemory memory)
    {
        float* sums = memory.QueryGradients;
        for (int query = 0; query < queries; query += TileRows)
        {
            for (int column = 0; column < g.HeadWidth; column += TileColumns, sums += TileRows * TileColumns)
            {
                for (int r = 0; r < Math.Min(TileRows, queries - query); r++)
                {
                    RowMath<TSimd, TVector>.Scale(
                        sums + r * TileColumns, Math.Min(TileColumns, g.HeadWidth - column), g.Scale,
                        gradient.Queries + (first + query + r) * gradient.Stride + column);
                }
            }
        }
    }

    /// <summary>A block of queries and one of keys.</summary>
    private readonly struct Pair(
        in AttentionGeometry geometry, AttentionHead head, AttentionHead gradient, int firstQuery, int queries,
        int firstKey, int keys)
    {
        public AttentionGeometry Geometry { get; } = geometry;
        public AttentionHead Head { get; } = head;
        public AttentionHead Gradient { get; } = gradient;
        public int FirstQuery { get; } = firstQuery;
        public int Queries { get; } = queries;
        public int FirstKey { get; } = firstKey;
        public int Keys { get; } = keys;

        /// <summary>The first query of the first panel with a query that has the block's key.</summary>
        public int FirstPanel(int key) =>
            Geometry.IsCausal ? Math.Max(0, FirstKey + key - FirstQuery) / TileColumns * TileColumns : 0;
    }

    /// <summary>The working memory of a block.</summary>
    private readonly struct BlockMemory : IDisposable
    {
        private readonly Scratch _scratch;

        public BlockMemory(in AttentionGeometry g)
        {
            int tile = TileRows * TileColumns, vectors = Block * g.HeadWidth;
            int columns = Block * ((g.HeadWidth + TileColumns - 1) / TileColumns * TileColumns);
            QueryGradientsLength = columns;
            // The last tile reads up to 5 floats past the last pair.
            int pairs = Block * Block + TileColumns;
            _scratch = new Scratch(3L * tile + 2 * Block + 2 * vectors + 4 * columns + 2 * pairs);
            Zeros = _scratch.Floats;
            Tile = Zeros + tile;
            Scores = Tile + tile;
            LogSums = Scores + tile;
            Means = LogSums + Block;
            Weights = Means + Block;
            Slopes = Weights + pairs;
            QueryColumns = Slopes + pairs;
            GradColumns = QueryColumns + columns;
            Keys = GradColumns + columns;
            QueryGradients = Keys + columns;
            Queries = QueryGradients + columns;
            Gradients = Queries + vectors;
            new Span<float>(Zeros, tile).Clear();
            // Lanes past the last query compute with these.
            new Span<float>(LogSums, 2 * Block).Clear();
        }

        public float* Zeros { get; }
        public float* Tile { get; }
        public float* Scores { get; }
        public float* LogSums { get; }

        /// <summary><c>dy . y</c>.</summary>
        public float* Means { get; }

        /// <summary>p, as <c>[key][Block]</c>.</summary>
        public float* Weights { get; }

        /// <summary>ds, as <c>[key][Block]</c>.</summary>
        public float* Slopes { get; }

        /// <summary>Scaled queries as <c>[panel][query][Columns]</c>.</summary>
        public float* QueryColumns { get; }

        /// <summary>dy as <c>[panel][query][Columns]</c>.</summary>
        public float* GradColumns { get; }

        /// <summary>Keys as <c>[panel][key][Columns]</c>.</summary>
        public float* Keys { get; }

        /// <summary>Sums of dq as <c>[tile of queries][panel][Rows][Columns]</c>.</summary>
        public float* QueryGradients { get; }

        public int QueryGradientsLength { get; }

        /// <summary>Scaled queries as <c>[panel of queries][element][Columns]</c>.</summary>
        public float* Queries { get; }

        /// <summary>dy as <c>[panel of queries][element][Columns]</c>.</summary>
        public float* Gradients { get; }

        public void Dispose() => _scratch.Dispose();
    }
}
