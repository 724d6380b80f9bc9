namespace Tessera.Cuda.Kernels;

/// <summary>
/// What the Newton-Schulz iteration needs beside products. Cost and bound: those of <see cref="Tiles"/>, for each
/// iteration two products with the shorter side twice and one of the shorter side alone.
/// </summary>
internal static class NewtonSchulzKernels
{
    /// <summary>Divides by a length.</summary>
    internal readonly record struct Divide(Floats X, Doubles Length, Floats Y) : IElementKernel
    {
        public void Run(int index) => Y[index] = (float)(X[index] / Length[0]);
    }

    /// <summary>Stores <c>keep * addend + factor * product</c>.</summary>
    internal readonly record struct Combination(Floats Y, int Columns, Floats Addend, float Keep, float Factor)
        : IProductResult
    {
        public void Store(int slice, int row, int column, float value)
        {
            int index = row * Columns + column;
            float before = Keep != 0 ? Keep * Addend[index] : 0;
            Y[index] = before + Factor * value;
        }
    }
}
