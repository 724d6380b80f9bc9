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
    static abstract bool RunsAlongDepth { get; }

    /// <summary>Takes an outer index apart.</summary>
    Place Outer(int slice, int index);

    /// <summary>Takes a step of the sum apart.</summary>
    Place Depth(int slice, int step);

    /// <summary>One element.</summary>
    float At(Place outer, Place depth);
}

/// <summary>What becomes of the elements of a product.</summary>
internal interface IProductResult
{
    /// <summary>Takes one element.</summary>
    void Store(int slice, int row, int column, float value);
}

/// <summary>
/// The sizes of a product. The groups of slice s sum over the steps from <c>s * SliceStep</c> on,
/// <see cref="SliceDepth"/> of them or as many as are left.
/// </summary>
internal readonly record struct ProductSizes(
    int Rows, int Columns, int Depth, int Slices, int SliceStep, int SliceDepth)
{
    /// <summary>A product in one slice.</summary>
    public ProductSizes(int rows, int columns, int depth) : this(rows, columns, depth, 1, 0, depth)
    {
    }

    /// <summary>The first step of a slice.</summary>
    public int First(int slice) => slice * SliceStep;

    /// <summary>One more than the last step of a slice.</summary>
    public int End(int slice) => Math.Min(First(slice) + SliceDepth, Depth);
}

/// <summary>A matrix whose rows are the outer index: <c>x[outer * Stride + depth]</c>.</summary>
internal readonly record struct RowsOf(Floats X, int Stride) : IOperand
{
    public static bool RunsAlongDepth => true;

    public Place Outer(int slice, int index) => new(index * Stride, 0, 0);

    public Place Depth(int slice, int step) => new(step, 0, 0);

    public float At(Place outer, Place depth) => X[outer.A + depth.A];
}

/// <summary>A matrix whose columns are the outer index: <c>x[depth * Stride + outer]</c>.</summary>
internal readonly record struct ColumnsOf(Floats X, int Stride) : IOperand
{
    public static bool RunsAlongDepth => false;

    public Place Outer(int slice, int index) => new(index, 0, 0);

    public Place Depth(int slice, int step) => new(step * Stride, 0, 0);

    public float At(Place outer, Place depth) => X[outer.A + depth.A];
}
