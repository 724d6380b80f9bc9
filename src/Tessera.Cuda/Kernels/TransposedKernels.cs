using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Transposed convolutions, as products like those of <see cref="ConvolutionKernels"/>. Layout: the input pixels with
/// the same remainders of row and column by the stride are one slice, because they meet the same kernel elements: no
/// product with a zero between the pixels is computed. Cost and bound are those of the convolution.
/// </summary>
internal static class TransposedKernels
{
    /// <summary>
    /// The input pixels of a slice, and the kernel elements that they meet: the first row and column of both, and every
    /// Stride-th after them.
    /// </summary>
    internal readonly record struct Phase(Conv2dGeometry G, int Slice)
    {
        private int Row => Slice / G.Stride;

        private int Column => Slice % G.Stride;

        private int Height => Count(G.InHeight, Row);

        private int Width => Count(G.InWidth, Column);

        private int FirstKernelRow => (Row + G.Padding) % G.Stride;

        private int FirstKernelColumn => (Column + G.Padding) % G.Stride;

        private int KernelWidth => Count(G.KernelWidth, FirstKernelColumn);

        /// <summary>Its pixels by the input channels, over the kernel elements and output channels.</summary>
        public ProductSizes Sizes => new(
            G.Batch * Height * Width, G.InChannels,
            Count(G.KernelHeight, FirstKernelRow) * KernelWidth * G.OutChannels);

        /// <summary>A pixel: image, row, column.</summary>
        public Place Pixel(int index)
        {
            int row = index / Width;
            return new Place(row / Height, row % Height * G.Stride + Row, index % Width * G.Stride + Column);
        }

        /// <summary>A kernel element: how many after the first row and column, and the output channel.</summary>
        public Place Element(int index)
        {
            int element = index / G.OutChannels;
            return new Place(element / KernelWidth, element % KernelWidth, index % G.OutChannels);
        }

        /// <summary>Where the weight of a kernel element lies among the packed ones.</summary>
        public int WeightIndex(Place element, int inChannel)
        {
            int row = FirstKernelRow + element.A * G.Stride, column = FirstKernelColumn + element.B * G.Stride;
            return ((inChannel * G.KernelHeight + row) * G.KernelWidth + column) * G.OutChannels + element.C;
        }

        /// <summary>How many of so many there are from a first one on, in steps of the stride.</summary>
        private int Count(int all, int first) => (all - first + G.Stride - 1) / G.Stride;
    }

    /// <summary>All slices of a transposed convolution.</summary>
    /// <param name="G">The convolution that is transposed.</param>
    /// <param name="Y">Its output side.</param>
    /// <param name="W">The weights, packed for it.</param>
    /// <param name="X">Its input side.</param>
    /// <param name="Epilogue">What follows.</param>
    /// <param name="Run">The elements of both factors that lie beside each other.</param>
    internal readonly record struct Slices(
        Conv2dGeometry G, Floats Y, Floats W, Floats X, DeviceEpilogue Epilogue, int Run)
        : IProducts<Reaching, Weights, Input>
    {
        public ProductSizes Sizes(int slice) => new Phase(G, slice).Sizes;

        public Reaching Left(int slice) => new(new Phase(G, slice), Y, Run);

        public Weights Right(int slice) => new(new Phase(G, slice), W, Run);

        public Input Result(int slice) => new(new Phase(G, slice), X, Epilogue);
    }

    /// <summary>What reaches an input pixel, the outer index; the depth is a kernel element.</summary>
    internal readonly record struct Reaching(Phase P, Floats Memory, int Run) : IOperand
    {
        public bool RunsAlongDepth => true;

        /// <summary>
        /// The image's first output pixel, and the row and column that the first kernel element reaches.
        /// </summary>
        public Place Outer(int index)
        {
            Place pixel = P.Pixel(index);
            return new Place(
                pixel.A * P.G.OutHeight * P.G.OutWidth, (pixel.B + P.G.Padding) / P.G.Stride,
                (pixel.C + P.G.Padding) / P.G.Stride);
        }

        public Place Depth(int step) => P.Element(step);

        public int At(Place outer, Place depth)
        {
            int row = outer.B - depth.A, column = outer.C - depth.B;
            return row >= 0 && row < P.G.OutHeight && column >= 0 && column < P.G.OutWidth
                ? (outer.A + row * P.G.OutWidth + column) * P.G.OutChannels + depth.C
                : -1;
        }
    }

    /// <summary>The weights: the outer index is an input channel, the depth that of <see cref="Reaching"/>.</summary>
    internal readonly record struct Weights(Phase P, Floats Memory, int Run) : IOperand
    {
        public bool RunsAlongDepth => true;

        public Place Outer(int index) => new(index, 0, 0);

        public Place Depth(int step) => P.Element(step);

        public int At(Place outer, Place depth) => P.WeightIndex(depth, outer.A);
    }

    /// <summary>Stores a slice's pixels of the convolution's input.</summary>
    internal readonly record struct Input(Phase P, Floats X, DeviceEpilogue Epilogue) : IProductResult
    {
        public void Store(int row, int column, float value)
        {
            Place pixel = P.Pixel(row);
            int index = ((pixel.A * P.G.InHeight + pixel.B) * P.G.InWidth + pixel.C) * P.G.InChannels + column;
            Epilogue.Store(X, index, column, value);
        }
    }
}
