namespace Tessera.Cuda.Kernels;

/// <summary>
/// The inner step of a product: a tile of it, spread over the threads of a group, which grows by the product of two
/// tiles in shared memory. What computes it, in which precision, and which thread has which elements, is known here
/// alone. How the factors lie in shared memory: <see cref="SharedTile"/>.
/// </summary>
/// <typeparam name="TSelf">The type itself; its default is a tile of zeros.</typeparam>
internal interface ITile<TSelf> where TSelf : struct, ITile<TSelf>
{
    /// <summary>Rows of the tile; a multiple of 32.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns of the tile; a multiple of 32.</summary>
    static abstract int Columns { get; }

    /// <summary>Threads of a group.</summary>
    static abstract int Threads { get; }

    /// <summary>How many pairs of tiles are in shared memory: one is multiplied, the others arrive.</summary>
    static abstract int Stages { get; }

    /// <summary>The tile plus the product of two factors' tiles in shared memory.</summary>
    TSelf Multiply(SharedTile left, SharedTile right);

    /// <summary>Hands this thread's elements on.</summary>
    /// <param name="rows">The rows of the product; what is beyond them is left out.</param>
    /// <param name="columns">The columns of the product, likewise.</param>
    /// <param name="firstRow">The tile's first row in the product.</param>
    /// <param name="firstColumn">The tile's first column.</param>
    /// <param name="shared">
    /// The shared memory of the factors' tiles, which no thread reads any more and no copy reaches.
    /// </param>
    /// <param name="result">Takes the elements.</param>
    void Store<TResult>(int rows, int columns, int firstRow, int firstColumn, Floats shared, TResult result)
        where TResult : struct, IProductResult;
}
