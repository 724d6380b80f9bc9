using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Maxima and means of windows. Cost: an operation for each place of each window; the gradient of a maximum looks at
/// the windows of each place again. Layout: a thread an element of what is written, neighbours on neighbouring
/// channels, so that no two threads add to one element. Bound: memory for windows that do not overlap.
/// </summary>
internal static class PoolKernels
{
    internal readonly record struct Max(PoolGeometry G, Floats X, Floats Y) : IElementKernel
    {
        public void Run(int index)
        {
            int channel = index % G.Channels, pixel = index / G.Channels;
            int outColumn = pixel % G.OutWidth, outRow = pixel / G.OutWidth % G.OutHeight;
            int image = pixel / G.OutWidth / G.OutHeight;
            int firstRow = First(outRow, G), firstColumn = First(outColumn, G);
            float largest = float.NegativeInfinity;
            for (int row = Math.Max(firstRow, 0); row < Math.Min(firstRow + G.KernelHeight, G.InHeight); row++)
            {
                for (int column = Math.Max(firstColumn, 0);
                    column < Math.Min(firstColumn + G.KernelWidth, G.InWidth); column++)
                {
                    float value = X[((image * G.InHeight + row) * G.InWidth + column) * G.Channels + channel];
                    if (!(largest >= value)) largest = value;
                }
            }
            Y[index] = largest;
        }
    }

    /// <summary>What the windows that a place of the input lies in give it.</summary>
    internal readonly record struct MaxGradient(
        PoolGeometry G, Floats X, Floats Y, Floats GradY, Floats GradX, int Accumulate) : IElementKernel
    {
        public void Run(int index)
        {
            int channel = index % G.Channels, pixel = index / G.Channels;
            int column = pixel % G.InWidth, row = pixel / G.InWidth % G.InHeight;
            int image = pixel / G.InWidth / G.InHeight;
            float value = X[index], sum = Accumulate != 0 ? GradX[index] : 0;
            for (int i = FirstWindow(row, G.KernelHeight, G); i <= LastWindow(row, G.OutHeight, G); i++)
            {
                for (int j = FirstWindow(column, G.KernelWidth, G); j <= LastWindow(column, G.OutWidth, G); j++)
                {
                    int window = ((image * G.OutHeight + i) * G.OutWidth + j) * G.Channels + channel;
                    if (!(Y[window] > value) && IsFirst(image, row, column, channel, i, j, Y[window]))
                        sum += GradY[window];
                }
            }
            GradX[index] = sum;
        }

        /// <summary>Whether no place of the window before this one has the largest value.</summary>
        private bool IsFirst(int image, int row, int column, int channel, int i, int j, float largest)
        {
            int firstColumn = Math.Max(First(j, G), 0), endColumn = Math.Min(First(j, G) + G.KernelWidth, G.InWidth);
            for (int r = Math.Max(First(i, G), 0); r <= row; r++)
            {
                int end = r == row ? column : endColumn;
                for (int c = firstColumn; c < end; c++)
                {
                    float other = X[((image * G.InHeight + r) * G.InWidth + c) * G.Channels + channel];
                    if (!(largest > other)) return false;
                }
            }
            return true;
        }
    }

    internal readonly record struct Average(PoolGeometry G, Floats X, Floats Y) : IElementKernel
    {
        public void Run(int index)
        {
            int channel = index % G.Channels, pixel = index / G.Channels;
            int outColumn = pixel % G.OutWidth, outRow = pixel / G.OutWidth % G.OutHeight;
            int image = pixel / G.OutWidth / G.OutHeight;
            int firstRow = First(outRow, G), firstColumn = First(outColumn, G);
            double sum = 0;
            for (int row = Math.Max(firstRow, 0); row < Math.Min(firstRow + G.KernelHeight, G.InHeight); row++)
            {
                for (int column = Math.Max(firstColumn, 0);
                    column < Math.Min(firstColumn + G.KernelWidth, G.InWidth); column++)
                    sum += X[((image * G.InHeight + row) * G.InWidth + column) * G.Channels + channel];
            }
            Y[index] = (float)(sum / Count(outRow, outColumn, G));
        }
    }

    internal readonly record struct AverageGradient(PoolGeometry G, Floats GradY, Floats GradX, int Accumulate)
        : IElementKernel
    {
        public void Run(int index)
        {
            int channel = index % G.Channels, pixel = index / G.Channels;
            int column = pixel % G.InWidth, row = pixel / G.InWidth % G.InHeight;
            int image = pixel / G.InWidth / G.InHeight;
            float sum = Accumulate != 0 ? GradX[index] : 0;
            for (int i = FirstWindow(row, G.KernelHeight, G); i <= LastWindow(row, G.OutHeight, G); i++)
            {
                for (int j = FirstWindow(column, G.KernelWidth, G); j <= LastWindow(column, G.OutWidth, G); j++)
                    sum += GradY[((image * G.OutHeight + i) * G.OutWidth + j) * G.Channels + channel] / Count(i, j, G);
            }
            GradX[index] = sum;
        }
    }

    /// <summary>The first row or column of a window, which may lie outside.</summary>
    private static int First(int window, PoolGeometry g) => window * g.Stride - g.Padding;

    /// <summary>The places of a window that lie inside.</summary>
    private static int Count(int i, int j, PoolGeometry g)
    {
        int row = First(i, g), column = First(j, g);
        return (Math.Min(row + g.KernelHeight, g.InHeight) - Math.Max(row, 0))
            * (Math.Min(column + g.KernelWidth, g.InWidth) - Math.Max(column, 0));
    }

    /// <summary>The first window that a row or column lies in.</summary>
    private static int FirstWindow(int place, int kernel, PoolGeometry g) =>
        Math.Max(place + g.Padding - kernel + g.Stride, 0) / g.Stride;

    /// <summary>The last window that a row or column lies in.</summary>
    private static int LastWindow(int place, int windows, PoolGeometry g) =>
        Math.Min((place + g.Padding) / g.Stride, windows - 1);
}
