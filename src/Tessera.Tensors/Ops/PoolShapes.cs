using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

/// <summary>Checks the sizes of a pooling and derives its geometry.</summary>
internal static class PoolShapes
{
    public static PoolGeometry Of(Shape x, int kernelHeight, int kernelWidth, int stride, int padding)
    {
        if (x.Rank != 4) throw new ArgumentException($"maps are [batch, height, width, channels], not {x}");
        ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(kernelHeight, kernelWidth), 1, "kernel");
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        // So that every window has a place inside.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(padding, Math.Min(kernelHeight, kernelWidth) / 2);
        long height = x[1] + 2L * padding - kernelHeight, width = x[2] + 2L * padding - kernelWidth;
        if (height < 0 || width < 0)
            throw new ArgumentException(
                $"a window of {kernelHeight}x{kernelWidth} is larger than the map {x} with padding {padding}");
        return new PoolGeometry(
            x[0], x[1], x[2], x[3], (int)(height / stride + 1), (int)(width / stride + 1), kernelHeight, kernelWidth,
            stride, padding);
    }
}
