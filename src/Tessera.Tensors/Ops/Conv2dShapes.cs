using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

/// <summary>Checks the shapes of convolutions and derives their geometry.</summary>
internal static class Conv2dShapes
{
    public static Conv2dGeometry Convolution(Shape x, Shape weight, Shape? bias, int stride, int padding)
    {
        CheckRanks(x, weight, stride, padding);
        if (weight[1] != x[3])
            throw new ArgumentException($"weights {weight} take {weight[1]} channels; the input {x} has {x[3]}");
        long height = x[1] + 2L * padding - weight[2], width = x[2] + 2L * padding - weight[3];
        if (height < 0 || width < 0)
            throw new ArgumentException(
                $"a kernel of {weight[2]}x{weight[3]} is larger than the input {x} with padding {padding}");
        if ((x[2] + 2L * padding) * x[3] > int.MaxValue)
            throw new ArgumentException(
                $"a row of the input {x} with padding {padding} would have 2^31 elements or more");
        CheckBias(bias, weight[0]);
        return new Conv2dGeometry(
            x[0], x[1], x[2], x[3], Size(height / stride + 1), Size(width / stride + 1), weight[0],
            weight[2], weight[3], stride, padding);
    }

    /// <summary>The geometry of the convolution that a transposed convolution of x transposes.</summary>
    public static Conv2dGeometry Transposed(Shape x, Shape weight, Shape? bias, int stride, int padding)
    {
        CheckRanks(x, weight, stride, padding);
        if (weight[0] != x[3])
            throw new ArgumentException($"weights {weight} take {weight[0]} channels; the input {x} has {x[3]}");
        long height = (x[1] - 1L) * stride - 2L * padding + weight[2],
            width = (x[2] - 1L) * stride - 2L * padding + weight[3];
        if (height < 1 || width < 1)
            throw new ArgumentException($"padding {padding} cuts off the whole result for the input {x}");
        CheckBias(bias, weight[1]);
        return new Conv2dGeometry(
            x[0], Size(height), Size(width), weight[1], x[1], x[2], weight[0], weight[2], weight[3], stride, padding);
    }

    private static void CheckRanks(Shape x, Shape weight, int stride, int padding)
    {
        if (x.Rank != 4) throw new ArgumentException($"images are [batch, height, width, channels], not {x}");
        if (weight.Rank != 4) throw new ArgumentException($"convolution weights have four sizes, not {weight}");
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
    }

    private static int Size(long size) => size <= int.MaxValue
        ? (int)size
        : throw new ArgumentException($"the result would be {size} pixels high or wide; sizes are below 2^31");

    private static void CheckBias(Shape? bias, int channels)
    {
        if (bias is { } shape && shape != new Shape(channels))
            throw new ArgumentException($"the bias of {channels} channels has the shape [{channels}], not {shape}");
    }
}
