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

    /// <summary>
    /// How many elements lie beside each other, from every multiple of this number on: four, at an address that is a
    /// multiple of 16 bytes, or one.
    /// </summary>
    int Run { get; }

    /// <summary>The memory in which the elements lie; not empty.</summary>
    Floats Memory { get; }

    /// <summary>Takes an outer index apart.</summary>
    Place Outer(int index);

    /// <summary>Takes a step of the sum apart.</summary>
    Place Depth(int step);

    /// <summary>Where an element lies; negative for a zero that lies nowhere.</summary>
    int At(Place outer, Place depth);
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

/// <summary>A matrix with its rows as the outer index.</summary>
internal readonly record struct MatrixRows(Floats Memory, int Columns, int Run) : IOperand
{
    public bool RunsAlongDepth => true;

    public Place Outer(int index) => new(index * Columns, 0, 0);

    public Place Depth(int step) => new(step, 0, 0);

    public int At(Place outer, Place depth) => outer.A + depth.A;
}

/// <summary>A matrix with its columns as the outer index.</summary>
internal readonly record struct MatrixColumns(Floats Memory, int Columns, int Run) : IOperand
{
    public bool RunsAlongDepth => false;

    public Place Outer(int index) => new(index, 0, 0);

    public Place Depth(int step) => new(step * Columns, 0, 0);

    public int At(Place outer, Place depth) => outer.A + depth.A;
}

/// <summary>A matrix with its rows or its columns as the outer index, as is found out when the kernel runs.</summary>
internal readonly record struct Matrix(Floats Memory, int Columns, bool IsByRows, int Run) : IOperand
{
    public bool RunsAlongDepth => IsByRows;

    public Place Outer(int index) => new(IsByRows ? index * Columns : index, 0, 0);

    public Place Depth(int step) => new(IsByRows ? step : step * Columns, 0, 0);

    public int At(Place outer, Place depth) => outer.A + depth.A;
}
