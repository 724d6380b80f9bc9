namespace Tessera.Cuda.Kernels;

/// <summary>
/// Levels of columns. Cost: a hyperbolic tangent an element, or a few operations a level. Layout: bounding has a thread
/// an element, rounding and looking up a thread a row, whose few columns it takes one by one. Bound: memory.
/// </summary>
internal static class LevelKernels
{
    // Adding and subtracting it rounds to a whole number, half way to the even one.
    private const float RoundingShift = 12_582_912;

    internal readonly record struct Squash(Floats X, Floats Bounds, int Columns, Floats Y) : IElementKernel
    {
        public void Run(int index)
        {
            int c = index % Columns;
            Y[index] = Bounds[c] * Numerics.Tanh(X[index] + Bounds[Columns + c]) - Bounds[2 * Columns + c];
        }
    }

    internal readonly record struct SquashGradient(
        Floats X, Floats Bounds, int Columns, Floats GradY, Floats GradX, int Accumulate) : IElementKernel
    {
        public void Run(int index)
        {
            int c = index % Columns;
            float tanh = Numerics.Tanh(X[index] + Bounds[Columns + c]);
            ElementKernels.Write(GradX, index, GradY[index] * Bounds[c] * (1 - tanh * tanh), Accumulate);
        }
    }

    internal readonly record struct Round(Floats X, Floats Grid, int Columns, Floats Y, Integers Codes)
        : IElementKernel
    {
        public void Run(int row)
        {
            int code = 0, place = 1;
            for (int c = 0; c < Columns; c++)
            {
                float step = Grid[Columns + c], origin = Grid[2 * Columns + c], value = X[row * Columns + c];
                int levels = (int)Grid[c];
                float target = value * step + origin;
                // NaN is not above 0.
                int level = target > 0
                    ? target > levels - 1 ? levels - 1 : (int)(target + RoundingShift - RoundingShift)
                    : 0;
                Y[row * Columns + c] = float.IsNaN(value) ? value : (level - origin) / step;
                code += level * place;
                place *= levels;
            }
            Codes[row] = code;
        }
    }

    internal readonly record struct LookUp(Integers Codes, Floats Grid, int Columns, Floats Y) : IElementKernel
    {
        public void Run(int row)
        {
            int rest = Codes[row];
            for (int c = 0; c < Columns; c++)
            {
                int levels = (int)Grid[c];
                Y[row * Columns + c] = (rest % levels - Grid[2 * Columns + c]) / Grid[Columns + c];
                rest /= levels;
            }
        }
    }

    internal readonly record struct CopyColumns(
        Floats X, int XColumns, int XFirst, Floats Y, int YColumns, int YFirst, int Count, int Accumulate)
        : IElementKernel
    {
        public void Run(int index)
        {
            int row = index / Count, c = index % Count;
            ElementKernels.Write(Y, row * YColumns + YFirst + c, X[row * XColumns + XFirst + c], Accumulate);
        }
    }

    internal readonly record struct CopyIndexColumns(
        Integers X, int XColumns, int XFirst, Integers Y, int YColumns, int YFirst, int Count) : IElementKernel
    {
        public void Run(int index)
        {
            int row = index / Count, c = index % Count;
            Y[row * YColumns + YFirst + c] = X[row * XColumns + XFirst + c];
        }
    }
}
