namespace Tessera.Tensors.Devices;

/// <summary>
/// The sizes of a two-dimensional convolution of <c>[Batch, InHeight, InWidth, InChannels]</c> to
/// <c>[Batch, OutHeight, OutWidth, OutChannels]</c> with weights
/// <c>[OutChannels, InChannels, KernelHeight, KernelWidth]</c>:
/// <c>y[n,i,j,o] = sum over c,u,v of w[o,c,u,v] * x[n, i*Stride + u - Padding, j*Stride + v - Padding, c]</c>,
/// where x is 0 outside. A transposed convolution has the geometry of the convolution that it transposes.
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="InHeight">Rows of the convolution's input.</param>
/// <param name="InWidth">Columns of the convolution's input.</param>
/// <param name="InChannels">Channels of the convolution's input.</param>
/// <param name="OutHeight">Rows of the convolution's output.</param>
/// <param name="OutWidth">Columns of the convolution's output.</param>
/// <param name="OutChannels">Channels of the convolution's output.</param>
/// <param name="KernelHeight">Rows of the kernel.</param>
/// <param name="KernelWidth">Columns of the kernel.</param>
/// <param name="Stride">Input pixels from one output pixel to the next.</param>
/// <param name="Padding">Zero pixels around the input.</param>
public readonly record struct Conv2dGeometry(
    int Batch,
    int InHeight, int InWidth, int InChannels,
    int OutHeight, int OutWidth, int OutChannels,
    int KernelHeight, int KernelWidth, int Stride, int Padding);
