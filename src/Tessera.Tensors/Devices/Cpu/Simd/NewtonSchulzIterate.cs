using System.Buffers;
using System.Numerics.Tensors;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// The state of one matrix in <see cref="OrthogonalizeKernel{TSimd, TVector}"/>. A panel has as many columns as a tile;
/// the panels of one stage may run at the same time.
/// </summary>
/// <remarks>
/// Layout: X, divided by its norm, as <c>[s, stride]</c>, transposed if it is tall; square matrices as
/// <c>[s, stride]</c>. Tiles also read the padding past the columns. Results do not depend on it, but it is cleared so
/// that stale numbers do not slow the arithmetic. Square matrices are symmetric, bit for bit, so a tile may read the
/// transpose.
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

    /// <summary>
    /// Prepares the iteration on a matrix, which <see cref="Finish"/> overwrites. X is the matrix times the scale.
    /// </summary>
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

    /// <summary>The number of panels of X.</summary>
    public int Panels => PanelsOf(_longer);

    /// <summary>The number of panels of a square matrix.</summary>
    public int SquarePanels => PanelsOf(_shorter);

    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    /// <summary>Computes X.</summary>
    public void Start()
    {
        int stride = StrideOf(_longer);
        if (_isTall) Transposition.Run(_x, _columns, _rows, _columns, _wide, stride, accumulate: false);
        for (int row = 0; row < _shorter; row++)
        {
            var to = new Span<float>(_wide + (nint)row * stride, stride);
            TensorPrimitives.Multiply(
                _isTall ? to[.._longer] : new ReadOnlySpan<float>(_x + (nint)row * _longer, _longer), _scale, to);
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
        Transposition.Run(
            _wide + (nint)first * stride, stride, filled, _longer, columns, TileColumns, accumulate: false);
        FillUpperTriangle(_a, panel, (row, zeros, tile) =>
        {
            float** rows = stackalloc float*[TileRows];
            // Rows past the last one repeat it; their results are dropped.
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
            float* sums = tile + i * TileColumns;
            float* numbers = _a.Values + (nint)(row + i) * _a.Stride + panel * TileColumns;
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

    /// <summary>Makes the next Q the current one; the first Q is B.</summary>
    public void EndIteration(bool isFirst)
    {
        if (isFirst) (_q, _b) = (_b, _q);
        else (_q, _next) = (_next, _q);
    }

    /// <summary>Writes <c>QX</c> into the matrix.</summary>
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
                Transposition.Run(
                    tile, TileColumns, rows, filled, _x + (nint)first * _columns + row, _columns, accumulate: false);
                continue;
            }
            for (int i = 0; i < rows; i++)
            {
                new ReadOnlySpan<float>(tile + i * TileColumns, filled).CopyTo(
                    new Span<float>(_x + (nint)(row + i) * _columns + first, filled));
            }
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        _scratch.Dispose();
        _pin.Dispose();
    }

    private static int PanelsOf(int columns) => (columns + TileColumns - 1) / TileColumns;

    // One panel more than needed: rows a power of two apart would share a few sets of the first-level cache, and a tile
    // reads up to 5 columns past the last.
    private static int StrideOf(int columns) => (PanelsOf(columns) + 1) * TileColumns;

    /// <summary>
    /// Computes a panel of the product of two commuting square matrices; the product is symmetric too.
    /// </summary>
    private static void Multiply(Square left, Square right, Square product, int panel) =>
        FillUpperTriangle(product, panel, (row, zeros, tile) => Multiply(left, right, row, panel, zeros, tile));

    private static void Multiply(Square left, Square right, int row, int panel, float* zeros, float* tile) =>
        MatrixTile<TSimd, TVector>.TransposedTimesPanel(
            left.Values + row, 1, 0, left.Size, left.Stride, right.Values + panel * TileColumns, right.Stride,
            zeros, tile);

    /// <summary>
    /// Computes a panel of a square matrix on and above the diagonal, tile by tile, and mirrors it below.
    /// </summary>
    private static void FillUpperTriangle(Square square, int panel, TileBody body)
    {
        float* tile = stackalloc float[TileRows * TileColumns], zeros = stackalloc float[TileRows * TileColumns];
        new Span<float>(zeros, TileRows * TileColumns).Clear();
        for (int row = 0; row < Math.Min((panel + 1) * TileColumns, square.Size); row += TileRows)
        {
            body(row, zeros, tile);
            for (int i = 0; i < Math.Min(TileRows, square.Size - row); i++)
                square.Set(row + i, panel, tile + i * TileColumns);
        }
    }

    /// <summary>A symmetric matrix with rows padded to Stride floats.</summary>
    private readonly struct Square(float* values, int size)
    {
        public float* Values => values;

        public int Size => size;

        public int Stride { get; } = StrideOf(size);

        /// <summary>Sets the padding past the last column to 0.</summary>
        public void ClearPadding()
        {
            for (int row = 0; row < size; row++)
                new Span<float>(values + (nint)row * Stride + size, Stride - size).Clear();
        }

        /// <summary>Sets the elements of a row in a panel on and above the diagonal, and their mirror images.</summary>
        public void Set(int row, int panel, float* numbers)
        {
            int first = panel * TileColumns, from = Math.Max(first, row);
            int count = Math.Min(first + TileColumns, size) - from;
            if (count <= 0) return;
            numbers += from - first;
            new ReadOnlySpan<float>(numbers, count).CopyTo(new Span<float>(values + (nint)row * Stride + from, count));
            float* mirror = values + (nint)from * Stride + row;
            for (int i = 0; i < count; i++, mirror += Stride) *mirror = numbers[i];
        }

        /// <summary>The floats of a matrix with its padding.</summary>
        public static long Length(int size) => (long)size * StrideOf(size);
    }
}
