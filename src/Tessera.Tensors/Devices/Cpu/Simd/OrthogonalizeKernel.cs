using System.Numerics.Tensors;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// <see cref="NewtonSchulz"/>. Every iterate is a polynomial of <c>A = X X^T</c> times the first X, and polynomials of one
/// matrix commute; so the iteration runs on squares of the shorter side, <c>B = aI + bA + cA^2</c>, <c>Q := BQ</c>,
/// <c>A := AB^2</c>, and ends with <c>QX</c>.
/// </summary>
/// <remarks>
/// Cost: with s and n the shorter and the longer side, 4 s^2 n flops for A and QX and 34 s^3 for the squares; the iteration
/// on X would take 20 s^2 n + 10 s^3. Layout: X, divided by its norm, as <c>[s, stride]</c>, a tall one turned on its side, and
/// once more as panels <c>[panel][n][Columns]</c> for A; squares as <c>[s, side]</c>; what is past the sides is 0. Squares are
/// symmetric, so that one is as good as its transpose, which is what a tile reads.
/// </remarks>
internal static unsafe class OrthogonalizeKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    // Multiplications that are worth waking a thread for.
    private const int Grain = 65_536;

    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    /// <param name="pool">Whose threads work.</param>
    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="rows">Rows of x and y.</param>
    /// <param name="columns">Columns of x and y.</param>
    /// <param name="scale">What x is multiplied by first: 1 over its norm.</param>
    /// <param name="y"><c>[rows, columns]</c>.</param>
    public static void Run(WorkerPool pool, float* x, int rows, int columns, float scale, float* y)
    {
        bool isTall = rows > columns;
        int shorter = Math.Min(rows, columns), longer = Math.Max(rows, columns);
        // A panel more than it takes: rows 4096 bytes apart would share a few sets of the first-level cache.
        int stride = PaddedToPanels(longer) + TileColumns;
        using var wide = new Scratch((long)shorter * stride);
        float* matrix = wide.Floats;
        new Span<float>(matrix, checked(shorter * stride)).Clear();
        if (isTall) Transposition.Run(x, columns, rows, columns, matrix, stride, accumulate: false);
        else CopyRows(x, columns, rows, columns, matrix, stride);
        TensorPrimitives.Multiply(new ReadOnlySpan<float>(matrix, shorter * stride), scale, new Span<float>(matrix, shorter * stride));

        int side = PaddedToPanels(shorter);
        using var squares = new Scratch(4 * Square.Length(shorter, side));
        Square At(int index) => new(squares.Floats + index * Square.Length(shorter, side), shorter, side);
        Square a = At(0), b = At(1), q = At(2), next = At(3);
        Gram(pool, matrix, stride, longer, a);
        for (int iteration = 0; iteration < NewtonSchulz.Iterations; iteration++)
        {
            Multiply(pool, a, a, next);
            Polynomial(a, next, b);
            if (iteration == 0)
            {
                b.Span.CopyTo(q.Span);
            }
            else
            {
                Multiply(pool, b, q, next);
                (q, next) = (next, q);
            }
            if (iteration == NewtonSchulz.Iterations - 1) break;
            Multiply(pool, a, b, next);
            Multiply(pool, next, b, a);
        }

        if (!isTall)
        {
            MultiplyInto(pool, q, matrix, stride, longer, y, columns);
            return;
        }
        using var turned = new Scratch((long)shorter * longer);
        MultiplyInto(pool, q, matrix, stride, longer, turned.Floats, longer);
        Transposition.Run(turned.Floats, longer, shorter, longer, y, columns, accumulate: false);
    }

    /// <summary><c>A = X X^T</c>.</summary>
    private static void Gram(WorkerPool pool, float* x, int stride, int longer, Square a)
    {
        int panels = a.Side / TileColumns;
        using var turned = new Scratch((long)panels * longer * TileColumns);
        float* packed = turned.Floats;
        pool.Run(panels, panel =>
        {
            float* target = packed + (nint)panel * longer * TileColumns, first = x + (nint)panel * TileColumns * stride;
            int rows = Math.Min(TileColumns, a.Size - panel * TileColumns);
            if (rows < TileColumns) new Span<float>(target, longer * TileColumns).Clear();
            Transposition.Run(first, stride, rows, longer, target, TileColumns, accumulate: false);
        });
        int tiles = (a.Size + TileRows - 1) / TileRows;
        pool.RunRanges(tiles * panels, Items(longer * TileRows * TileColumns), (first, count) =>
        {
            float* tile = stackalloc float[TileRows * TileColumns], zeros = stackalloc float[TileColumns];
            float** rows = stackalloc float*[TileRows];
            new Span<float>(zeros, TileColumns).Clear();
            for (int item = first; item < first + count; item++)
            {
                // Panel by panel, which stays in the second-level cache.
                int panel = item / tiles, row = item % tiles * TileRows;
                // Rows past the last repeat it, and what is found for them is dropped.
                for (int i = 0; i < TileRows; i++) rows[i] = x + (nint)Math.Min(row + i, a.Size - 1) * stride;
                MatrixTile<TSimd, TVector>.RowsTimesPanel(
                    rows, 1, 0, longer, packed + (nint)panel * longer * TileColumns, zeros, tile);
                CopyRows(
                    tile, TileColumns, Math.Min(TileRows, a.Size - row), TileColumns, a.Values + (nint)row * a.Side + panel * TileColumns,
                    a.Side);
            }
        });
    }

    /// <summary><c>B = aI + bA + cA^2</c>.</summary>
    private static void Polynomial(Square a, Square aSquared, Square b)
    {
        TensorPrimitives.Multiply(aSquared.Span, NewtonSchulz.C, b.Span);
        TensorPrimitives.MultiplyAdd(a.Span, NewtonSchulz.B, b.Span, b.Span);
        for (int i = 0; i < b.Size; i++) b.Values[(nint)i * b.Side + i] += NewtonSchulz.A;
    }

    private static void Multiply(WorkerPool pool, Square left, Square right, Square product) =>
        MultiplyInto(pool, left, right.Values, right.Side, right.Side, product.Values, product.Side);

    /// <summary><c>to = left x</c>, x and to with as many rows as left.</summary>
    private static void MultiplyInto(WorkerPool pool, Square left, float* x, int stride, int columns, float* to, int toStride)
    {
        int tiles = (left.Size + TileRows - 1) / TileRows, panels = (columns + TileColumns - 1) / TileColumns;
        pool.RunRanges(tiles * panels, Items(left.Size * TileRows * TileColumns), (first, count) =>
        {
            float* tile = stackalloc float[TileRows * TileColumns], zeros = stackalloc float[TileRows * TileColumns];
            new Span<float>(zeros, TileRows * TileColumns).Clear();
            for (int item = first; item < first + count; item++)
            {
                int panel = item / tiles, row = item % tiles * TileRows;
                MatrixTile<TSimd, TVector>.TransposedTimesPanel(
                    left.Values + row, 1, 0, left.Size, left.Side, x + panel * TileColumns, stride, zeros, tile);
                CopyRows(
                    tile, TileColumns, Math.Min(TileRows, left.Size - row), Math.Min(TileColumns, columns - panel * TileColumns),
                    to + (nint)row * toStride + panel * TileColumns, toStride);
            }
        });
    }

    private static void CopyRows(float* from, nint fromStride, int rows, int columns, float* to, nint toStride)
    {
        for (int row = 0; row < rows; row++, from += fromStride, to += toStride)
        {
            new ReadOnlySpan<float>(from, columns).CopyTo(new Span<float>(to, columns));
        }
    }

    private static int Items(int multiplicationsOfItem) => Math.Max(1, Grain / multiplicationsOfItem);

    private static int PaddedToPanels(int columns) => (columns + TileColumns - 1) / TileColumns * TileColumns;

    /// <summary>A symmetric matrix of Size rows, each padded with zeros to Side floats.</summary>
    private readonly struct Square(float* values, int size, int side)
    {
        public float* Values => values;

        public int Size => size;

        public int Side => side;

        public Span<float> Span => new(values, size * side);

        /// <summary>Floats: a tile reads up to 5 past the last row.</summary>
        public static long Length(int size, int side) => ((long)size + 1) * side;
    }
}
