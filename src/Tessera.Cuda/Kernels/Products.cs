namespace Tessera.Cuda.Kernels;

/// <summary>A row, a column or a step of the sum of a product, taken apart once and used for many elements.</summary>
internal readonly record struct Place(int A, int B, int C);

/// <summary>
/// A factor of a product of matrices, which need not lie in memory as a matrix. Its outer index is a row of the product
/// for the left factor, a column for the right one; the sum runs over the depth.
/// </summary>
internal interface IOperand
{
    /// <summary>Whether elements lie beside each other along the depth rather than along the outer index.</summary>
    bool RunsAlongDepth { get; }

    /// <summary>Takes an outer index apart.</summary>
    Place Outer(int index);

    /// <summary>Takes a step of the sum apart.</summary>
    Place Depth(int step);

    /// <summary>One element.</summary>
    float At(Place outer, Place depth);
}

/// <summary>What becomes of the elements of a product.</summary>
internal interface IProductResult
{
    /// <summary>Takes one element.</summary>
    void Store(int row, int column, float value);
}

/// <summary>Rows and columns of a product, and the steps of its sums: from First on, before End.</summary>
internal readonly record struct ProductSizes(int Rows, int Columns, int First, int End)
{
    /// <summary>A product over all steps.</summary>
    public ProductSizes(int rows, int columns, int depth) : this(rows, columns, 0, depth)
    {
    }
}

/// <summary>Products that are computed in one launch, each a slice of the grid.</summary>
internal interface IProducts<TLeft, TRight, TResult>
    where TLeft : struct, IOperand
    where TRight : struct, IOperand
    where TResult : struct, IProductResult
{
    /// <summary>The sizes of a slice.</summary>
    ProductSizes Sizes(int slice);

    /// <summary>The left factor of a slice.</summary>
    TLeft Left(int slice);

    /// <summary>The right factor of a slice.</summary>
    TRight Right(int slice);

    /// <summary>Where a slice's elements go.</summary>
    TResult Result(int slice);
}

/// <summary>One product.</summary>
internal readonly record struct OneProduct<TLeft, TRight, TResult>(
    ProductSizes All, TLeft LeftFactor, TRight RightFactor, TResult To) : IProducts<TLeft, TRight, TResult>
    where TLeft : struct, IOperand
    where TRight : struct, IOperand
    where TResult : struct, IProductResult
{
    public ProductSizes Sizes(int slice) => All;

    public TLeft Left(int slice) => LeftFactor;

    public TRight Right(int slice) => RightFactor;

    public TResult Result(int slice) => To;
}

/// <summary>A matrix: <c>x[outer * OuterStride + depth * DepthStride]</c>, one of the strides being 1.</summary>
internal readonly record struct Matrix(Floats X, int OuterStride, int DepthStride) : IOperand
{
    public bool RunsAlongDepth => DepthStride == 1;

    public Place Outer(int index) => new(index * OuterStride, 0, 0);

    public Place Depth(int step) => new(step * DepthStride, 0, 0);

    public float At(Place outer, Place depth) => X[outer.A + depth.A];

    /// <summary>With the rows of a matrix as the outer index.</summary>
    public static Matrix Rows(Floats x, int columns) => new(x, columns, 1);

    /// <summary>With the columns of a matrix as the outer index.</summary>
    public static Matrix Columns(Floats x, int columns) => new(x, 1, columns);
}
