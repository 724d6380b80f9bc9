using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// The Newton-Schulz iteration on up to 16 matrices in one launch for each of its steps. Cost: with m the shorter side
/// of a matrix and n the longer, <c>2 m m (2 n + m)</c> operations an iteration. Layout: row by row, the products by
/// <see cref="Tiles"/>, a matrix a slice. Bound: the inner step; for small matrices the launches.
/// </summary>
internal static class NewtonSchulzKernels
{
    /// <summary>The matrices, and what belongs to each.</summary>
    /// <param name="Y">The iterates.</param>
    /// <param name="Next">The next iterates.</param>
    /// <param name="Grams">The smaller of <c>Y Y^T</c> and <c>Y^T Y</c>.</param>
    /// <param name="Polynomials">A polynomial of it.</param>
    /// <param name="ColumnCounts">The matrices' columns.</param>
    /// <param name="Run">The elements that lie beside each other in all matrices.</param>
    internal readonly record struct Batch(
        Sixteen<Floats> Y, Sixteen<Floats> Next, Sixteen<Floats> Grams, Sixteen<Floats> Polynomials,
        Sixteen<int> ColumnCounts, int Run)
    {
        public int Columns(int matrix) => ColumnCounts[matrix];

        public int Rows(int matrix) => Y[matrix].IntLength / Columns(matrix);

        public int Side(int matrix) => Math.Min(Rows(matrix), Columns(matrix));

        public bool IsWide(int matrix) => Rows(matrix) <= Columns(matrix);

        public Matrix Iterate(int matrix, bool byRows) => new(Y[matrix], Columns(matrix), byRows, Run);
    }

    /// <summary>Divides each matrix by its length.</summary>
    internal readonly record struct Divide(Sixteen<Floats> X, Doubles Lengths, Sixteen<Floats> Y) : IManyKernel
    {
        public int Length(int tensor) => X[tensor].IntLength;

        public void Run(int tensor, int index) => Y[tensor][index] = (float)(X[tensor][index] / Lengths[tensor]);
    }

    /// <summary><c>G = Y Y^T</c>, or <c>Y^T Y</c> where that is smaller.</summary>
    internal readonly record struct Gram(Batch B) : IProducts<Matrix, Matrix, Combination>
    {
        public ProductSizes Sizes(int slice) => new(
            B.Side(slice), B.Side(slice), Math.Max(B.Rows(slice), B.Columns(slice)));

        public Matrix Left(int slice) => B.Iterate(slice, B.IsWide(slice));

        public Matrix Right(int slice) => Left(slice);

        public Combination Result(int slice) => new(B.Grams[slice], B.Side(slice), B.Grams[slice], 0, 1);
    }

    /// <summary><c>P = b G + c G^2</c>.</summary>
    internal readonly record struct Polynomial(Batch B) : IProducts<MatrixRows, MatrixColumns, Combination>
    {
        public ProductSizes Sizes(int slice) => new(B.Side(slice), B.Side(slice), B.Side(slice));

        public MatrixRows Left(int slice) => new(B.Grams[slice], B.Side(slice), B.Run);

        public MatrixColumns Right(int slice) => new(B.Grams[slice], B.Side(slice), B.Run);

        public Combination Result(int slice) => new(
            B.Polynomials[slice], B.Side(slice), B.Grams[slice], NewtonSchulz.B, NewtonSchulz.C);
    }

    /// <summary>The next iterate, <c>a Y + P Y</c> or <c>a Y + Y P</c>.</summary>
    internal readonly record struct Step(Batch B) : IProducts<MatrixRows, MatrixColumns, Combination>
    {
        public ProductSizes Sizes(int slice) => new(B.Rows(slice), B.Columns(slice), B.Side(slice));

        public MatrixRows Left(int slice) => B.IsWide(slice)
            ? new MatrixRows(B.Polynomials[slice], B.Side(slice), B.Run)
            : new MatrixRows(B.Y[slice], B.Columns(slice), B.Run);

        public MatrixColumns Right(int slice) => B.IsWide(slice)
            ? new MatrixColumns(B.Y[slice], B.Columns(slice), B.Run)
            : new MatrixColumns(B.Polynomials[slice], B.Side(slice), B.Run);

        public Combination Result(int slice) => new(
            B.Next[slice], B.Columns(slice), B.Y[slice], NewtonSchulz.A, 1);
    }

    /// <summary>Stores <c>keep * addend + factor * product</c>; with keep 0 the addend is not read.</summary>
    internal readonly record struct Combination(Floats Y, int Columns, Floats Addend, float Keep, float Factor)
        : IProductResult
    {
        public void Store(int row, int column, float value)
        {
            int index = row * Columns + column;
            float before = Keep != 0 ? Keep * Addend[index] : 0;
            Y[index] = before + Factor * value;
        }
    }
}
