namespace Tessera.Tensors.Devices;

/// <summary>
/// The sizes of a pooling of <c>[Batch, InHeight, InWidth, Channels]</c> to
/// <c>[Batch, OutHeight, OutWidth, Channels]</c>. The window of the result at i, j has the places
/// <c>i*Stride + u - Padding, j*Stride + v - Padding</c> for u below KernelHeight and v below KernelWidth; places
/// outside the input do not count. Every window has a place inside.
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="InHeight">Rows of the input.</param>
/// <param name="InWidth">Columns of the input.</param>
/// <param name="Channels">Channels of both.</param>
/// <param name="OutHeight">Rows of the output.</param>
/// <param name="OutWidth">Columns of the output.</param>
/// <param name="KernelHeight">Rows of a window.</param>
/// <param name="KernelWidth">Columns of a window.</param>
/// <param name="Stride">Input pixels from one window to the next.</param>
/// <param name="Padding">Places around the input that windows may cover.</param>
public readonly record struct PoolGeometry(
    int Batch, int InHeight, int InWidth, int Channels, int OutHeight, int OutWidth, int KernelHeight, int KernelWidth,
    int Stride, int Padding)
{
    /// <summary>Elements of an image of the input.</summary>
    internal int InLength => InHeight * InWidth * Channels;

    /// <summary>Elements of an image of the output.</summary>
    internal int OutLength => OutHeight * OutWidth * Channels;

    /// <summary>The rows of the input, first and end, in the windows of a row of the output.</summary>
    internal (int First, int End) Rows(int outRow) => Inside(outRow, KernelHeight, InHeight);

    /// <summary>The columns of the input, first and end, in the windows of a column of the output.</summary>
    internal (int First, int End) Columns(int outColumn) => Inside(outColumn, KernelWidth, InWidth);

    private (int First, int End) Inside(int index, int kernel, int size)
    {
        int first = index * Stride - Padding;
        return (Math.Max(first, 0), Math.Min(first + kernel, size));
    }
}
