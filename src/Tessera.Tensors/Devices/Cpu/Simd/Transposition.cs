using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>Transposes matrices. Cost: a load for each float, and a store for every four.</summary>
internal static unsafe class Transposition
{
    private const int Lanes = 4;

    /// <summary>
    /// <c>to[column * toStride + row] = from[row * fromStride + column]</c>, or <c>+=</c> to accumulate.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        float* from, nint fromStride, int rows, int columns, float* to, nint toStride, bool accumulate)
    {
        int row = 0;
        for (; row <= rows - Lanes; row += Lanes, from += Lanes * fromStride, to += Lanes)
        {
            float* row1 = from + fromStride, row2 = row1 + fromStride, row3 = row2 + fromStride, target = to;
            for (nint column = 0; column < columns; column++, target += toStride)
            {
                Vector128<float> values = Vector128.Create(from[column], row1[column], row2[column], row3[column]);
                (accumulate ? Vector128.Load(target) + values : values).Store(target);
            }
        }
        for (; row < rows; row++, from += fromStride, to++)
        {
            float* target = to;
            for (nint column = 0; column < columns; column++, target += toStride)
            {
                *target = accumulate ? *target + from[column] : from[column];
            }
        }
    }
}
