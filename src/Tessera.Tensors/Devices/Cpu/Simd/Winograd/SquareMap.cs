using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>A small matrix, given as the arithmetic of its product with a column of vectors.</summary>
internal unsafe interface ILinearMap
{
    /// <summary>Columns of the matrix.</summary>
    static abstract int Inputs { get; }

    /// <summary>Rows of the matrix.</summary>
    static abstract int Outputs { get; }

    /// <summary>
    /// Computes the product. The elements are vectors of floats; the strides are the floats between them.
    /// </summary>
    static abstract void Apply(float* from, nint stride, float* to, nint toStride);
}

/// <summary>A map applied to the columns and then to the rows of a square of vectors: <c>Y = M X M'</c>.</summary>
internal static unsafe class SquareMap<TSimd, TVector, TMap>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TMap : struct, ILinearMap
{
    /// <summary>
    /// Maps one square; X and Y are given by their first element and the floats between rows and columns.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(float* x, nint xRow, nint xColumn, float* y, nint yRow, nint yColumn)
    {
        nint row = TMap.Inputs * TSimd.Width;
        float* block = stackalloc float[TMap.Outputs * TMap.Inputs * TSimd.Width + CacheLine.Floats];
        float* half = CacheLine.Align(block);
        for (int column = 0; column < TMap.Inputs; column++)
        {
            TMap.Apply(x + column * xColumn, xRow, half + column * TSimd.Width, row);
        }
        for (int output = 0; output < TMap.Outputs; output++)
        {
            TMap.Apply(half + output * row, TSimd.Width, y + output * yRow, yColumn);
        }
    }
}
