namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>
/// A minimal filtering algorithm F(4, r) (Winograd 1980; Lavin and Gray 2016): four outputs of a correlation with r
/// taps from <c>4 + r - 1</c> products, <c>y = A'((G w) * (B' d))</c>, in two dimensions
/// <c>Y = A'((G W G') * (B' D B)) A</c>. The gradient of the weights is the transpose,
/// <c>dW = G'((B' D B) * (A dY A')) G</c>.
/// </summary>
internal unsafe interface IWinograd
{
    /// <summary>Taps of the kernel in each direction: r.</summary>
    static abstract int Taps { get; }

    /// <summary>Source pixels of a tile in each direction: <c>4 + r - 1</c>.</summary>
    static abstract int Size { get; }

    /// <summary>B': a square of source pixels to products' factors.</summary>
    static abstract void Source(float* x, nint xRow, nint xColumn, float* y, nint yRow, nint yColumn);

    /// <summary>G: a square of weights to products' factors.</summary>
    static abstract void Weights(float* x, nint xRow, nint xColumn, float* y, nint yRow, nint yColumn);

    /// <summary>A': products to a square of 4 x 4 results.</summary>
    static abstract void Results(float* x, nint xRow, nint xColumn, float* y, nint yRow, nint yColumn);

    /// <summary>A: a square of 4 x 4 results' gradients to products' gradients.</summary>
    static abstract void ResultGradients(float* x, nint xRow, nint xColumn, float* y, nint yRow, nint yColumn);

    /// <summary>G': gradients of the weights' factors to gradients of the weights.</summary>
    static abstract void WeightGradients(float* x, nint xRow, nint xColumn, float* y, nint yRow, nint yColumn);
}
