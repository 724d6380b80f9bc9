using System.Buffers;
using System.Numerics.Tensors;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// A matrix on its way through <see cref="OrthogonalizeKernel{TSimd, TVector}"/>. What is done for a panel, as many columns as a
/// tile has, may be done at the same time as the others of its stage.
/// </summary>
/// <remarks>
/// Layout: X, divided by its norm, as <c>[s, stride]</c>, a tall one turned on its side; squares as <c>[s, stride]</c>. Nothing
/// depends on what is past the sides, which tiles read as well: it is cleared so that no stale number slows the arithmetic.
/// Squares are symmetric, bit for bit, so that one is as good as its transpose, which is what a tile reads.
/// </remarks>
internal sealed unsafe class NewtonSchulzIterate<TSimd, TVector> : IDisposable
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows, Squares = 5;

    private readonly Scratch _scratch;
    private readonly MemoryHandle _pin;
    private readonly float* _x, _wide;
    private readonly int _rows, _columns, _shorter, _longer;
    private readonly bool _isTall;
    private readonly float _scale;
    private readonly Square _a, _ab;
    private Square _b, _q, _next;

    /// <summary>Prepares for a matrix that <see cref="Finish"/> overwrites; its numbers times the scale are X.</summary>
    public NewtonSchulzIterate(Memory<float> x, int columns, float scale)
    {
        (_rows, _columns, _scale) = (x.Length / columns, columns, scale);
        (_shorter, _longer, _isTall) = (Math.Min(_rows, _columns), Math.Max(_rows, _columns), _rows > _columns);
        long square = Square.Length(_shorter);
        _scratch = new Scratch((long)_shorter * StrideOf(_longer) + Squares * square);
        _wide = _scratch.Floats;
        Square At(int index) => new(_wide + (long)_shorter * StrideOf(_longer) + index * square, _shorter);
        (_a, _b, _ab, _q, _next) = (At(0), At(1), At(2), At(3), At(4));
        _pin = x.Pin();
        _x = (float*)_pin.Pointer;
    }

    private delegate void TileBody(int row, float* zeros, float* tile);

    /// <summary>Panels of X.</summary>
    public int Panels => PanelsOf(_longer);

    /// <summary>Panels of a square.</summary>
    public int SquarePanels => PanelsOf(_shorter);

    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    /// <summary>X.</summary>
    public void Start()
    {
        int stride = StrideOf(_longer);
        if (_isTall) Transposition.Run(_x, _columns, _rows, _columns, _wide, stride, accumulate: false);
        for (int row = 0; row < _shorter; row++)
        {
            var to = new Span<float>(_wide + (nint)row * stride, stride);
            TensorPrimitives.Multiply(_isTall ? to[.._longer] : new ReadOnlySpan<float>(_x + (nint)row * _longer, _longer), _scale, to);
            to[_longer..].Clear();
        }
        foreach (Square square in (Square[])[_a, _b, _ab, _q, _next]) square.ClearPadding();
    }

    /// <summary><c>A = X X^T</c>.</summary>
    public void Gram(int panel)
    {
        using var packed = new Scratch((long)_longer * TileColumns);
        float* columns = packed.Floats;
        int stride = StrideOf(_longer), first = panel * TileColumns, filled = Math.Min(TileColumns, _shorter - first);
        if (filled < TileColumns) new Span<float>(columns, _longer * TileColumns).Clear();
        Transposition.Run(_wide + (nint)first * stride, stride, filled, _longer, columns, TileColumns, accumulate: false);
        FillUpperTriangle(_a, panel, (row, zeros, tile) =>
        {
            float** rows = stackalloc float*[TileRows];
            // Rows past the last repeat it, and what is found for them is dropped.
            for (int i = 0; i < TileRows; i++) rows[i] = _wide + (nint)Math.Min(row + i, _shorter - 1) * stride;
            MatrixTile<TSimd, TVector>.RowsTimesPanel(rows, 1, 0, _longer, columns, zeros, tile);
        });
    }

    /// <summary><c>B = aI + bA + cA^2</c>.</summary>
    public void B(int panel) => FillUpperTriangle(_b, panel, (row, zeros, tile) =>
    {
        Multiply(_a, _a, row, panel, zeros, tile);
        TVector b = TSimd.Broadcast(NewtonSchulz.B), c = TSimd.Broadcast(NewtonSchulz.C);
        for (int i = 0; i < Math.Min(TileRows, _shorter - row); i++)
        {
            float* sums = tile + i * TileColumns, numbers = _a.Values + (nint)(row + i) * _a.Stride + panel * TileColumns;
            for (int column = 0; column < TileColumns; column += TSimd.Width)
            {
                TVector linear = TSimd.Multiply(b, TSimd.Load(numbers + column));
                TSimd.Store(TSimd.MultiplyAdd(c, TSimd.Load(sums + column), linear), sums + column);
            }
            int diagonal = row + i - panel * TileColumns;
            if (diagonal >= 0 && diagonal < TileColumns) sums[diagonal] += NewtonSchulz.A;
        }
    });

    /// <summary>The next <c>Q = BQ</c>.</summary>
    public void NextQ(int panel) => Multiply(_b, _q, _next, panel);

    /// <summary><c>AB</c>.</summary>
    public void AB(int panel) => Multiply(_a, _b, _ab, panel);

    /// <summary>The next <c>A = AB B</c>.</summary>
    public void NextA(int panel) => Multiply(_ab, _b, _a, panel);

    /// <summary>The next Q takes its place; the first is B.</summary>
    public void EndIteration(bool isFirst)
    {
        if (isFirst) (_q, _b) = (_b, _q);
        else (_q, _next) = (_next, _q);
    }

    /// <summary><c>QX</c>, into the matrix.</summary>
    public void Finish(int panel)
    {
        float* tile = stackalloc float[TileRows * TileColumns], zeros = stackalloc float[TileRows * TileColumns];
        new Span<float>(zeros, TileRows * TileColumns).Clear();
        int first = panel * TileColumns, filled = Math.Min(TileColumns, _longer - first), stride = StrideOf(_longer);
        for (int row = 0; row < _shorter; row += TileRows)
        {
            MatrixTile<TSimd, TVector>.TransposedTimesPanel(
                _q.Values + row, 1, 0, _shorter, _q.Stride, _wide + first, stride, zeros, tile);
            int rows = Math.Min(TileRows, _shorter - row);
            if (_isTall)
            {
                Transposition.Run(tile, TileColumns, rows, filled, _x + (nint)first * _columns + row, _columns, accumulate: false);
                continue;
            }
            for (int i = 0; i < rows; i++)
            {
                new ReadOnlySpan<float>(tile + i * TileColumns, filled).CopyTo(
                    new Span<float>(_x + (nint)(row + i) * _columns + first, filled));
            }
        }
    }

    /// <summary>Hands the memory back.</summary>
    public void Dispose()
    {
        _scratch.Dispose();
        _pin.Dispose();
    }

    private static int PanelsOf(int columns) => (columns + TileColumns - 1) / TileColumns;

    // A panel more than it takes: rows a power of two apart would share a few sets of the first-level cache. A tile reads up to 5
    // columns past the last.
    private static int StrideOf(int columns) => (PanelsOf(columns) + 1) * TileColumns;

    /// <summary>A panel of the product of squares that commute, which is symmetric as well.</summary>
    private static void Multiply(Square left, Square right, Square product, int panel) =>
        FillUpperTriangle(product, panel, (row, zeros, tile) => Multiply(left, right, row, panel, zeros, tile));

    private static void Multiply(Square left, Square right, int row, int panel, float* zeros, float* tile) =>
        MatrixTile<TSimd, TVector>.TransposedTimesPanel(
            left.Values + row, 1, 0, left.Size, left.Stride, right.Values + panel * TileColumns, right.Stride, zeros, tile);

    /// <summary>Computes a panel of a square on and above the diagonal, tile by tile, and mirrors it below.</summary>
    private static void FillUpperTriangle(Square square, int panel, TileBody body)
    {
        float* tile = stackalloc float[TileRows * TileColumns], zeros = stackalloc float[TileRows * TileColumns];
        new Span<float>(zeros, TileRows * TileColumns).Clear();
        for (int row = 0; row < Math.Min((panel + 1) * TileColumns, square.Size); row += TileRows)
        {
            body(row, zeros, tile);
            for (int i = 0; i < Math.Min(TileRows, square.Size - row); i++) square.Set(row + i, panel, tile + i * TileColumns);
        }
    }

    /// <summary>A symmetric matrix, its rows padded to Stride floats.</summary>
    private readonly struct Square(float* values, int size)
    {
        public float* Values => values;

        public int Size => size;

        public int Stride { get; } = StrideOf(size);

        /// <summary>What is past the last column becomes 0.</summary>
        public void ClearPadding()
        {
            for (int row = 0; row < size; row++) new Span<float>(values + (nint)row * Stride + size, Stride - size).Clear();
        }

        /// <summary>Sets the numbers of a row in a panel that are not below the diagonal, and their mirror images.</summary>
        public void Set(int row, int panel, float* numbers)
        {
            int first = panel * TileColumns, from = Math.Max(first, row), count = Math.Min(first + TileColumns, size) - from;
            if (count <= 0) return;
            numbers += from - first;
            new ReadOnlySpan<float>(numbers, count).CopyTo(new Span<float>(values + (nint)row * Stride + from, count));
            float* mirror = values + (nint)from * Stride + row;
            for (int i = 0; i < count; i++, mirror += Stride) *mirror = numbers[i];
        }

        /// <summary>Floats.</summary>
        public static long Length(int size) => (long)size * StrideOf(size);
    }
}
