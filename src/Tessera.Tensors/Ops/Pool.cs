using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The largest value of each window, channel by channel (PyTorch's <c>MaxPool2d</c>):
    /// <c>y[n,i,j,c] = max over u,v of x[n, i*stride+u-padding, j*stride+v-padding, c]</c>, places outside left out.
    /// Backward: dy goes to the first place of the window, row by row, that has the largest value.
    /// </summary>
    /// <param name="x"><c>[batch, height, width, channels]</c>.</param>
    /// <param name="kernel">Height and width of a window, at least 1.</param>
    /// <param name="stride">Pixels from one window to the next, at least 1.</param>
    /// <param name="padding">Places around the input that windows may cover, at most half of the window.</param>
    /// <returns><c>[batch, (height + 2 padding - kernel) / stride + 1, likewise for the width, channels]</c>.</returns>
    /// <exception cref="ArgumentException">The sizes do not fit together.</exception>
    public static Tensor MaxPool(this Tensor x, int kernel, int stride, int padding = 0)
    {
        PoolGeometry geometry = PoolShapes.Of(x.Shape, kernel, kernel, stride, padding);
        Tensor y = PoolResult(x, geometry);
        y.Device.MaxPool(geometry, x.Storage, y.Storage);
        return Tape.Record(y, gradY =>
        {
            Storage<float> gradX = x.Slot.Target(out bool accumulate);
            y.Device.MaxPoolGradient(geometry, x.Storage, y.Storage, gradY.Storage, gradX, accumulate);
        });
    }

    /// <summary>
    /// The mean of each window, channel by channel, over its places inside the input (PyTorch's <c>AvgPool2d</c> with
    /// <c>count_include_pad=False</c>). Backward: each of these places gets an even share of dy.
    /// </summary>
    /// <inheritdoc cref="MaxPool"/>
    public static Tensor AveragePool(this Tensor x, int kernel, int stride, int padding = 0) =>
        Averages(x, PoolShapes.Of(x.Shape, kernel, kernel, stride, padding));

    /// <summary>
    /// The mean of each channel of each image: <c>y[n,c] = mean over i,j of x[n,i,j,c]</c>. Backward: each place gets
    /// an even share of dy.
    /// </summary>
    /// <param name="x"><c>[batch, height, width, channels]</c>.</param>
    /// <returns><c>[batch, 1, 1, channels]</c>.</returns>
    /// <exception cref="ArgumentException">x has another rank.</exception>
    public static Tensor MapMeans(this Tensor x)
    {
        if (x.Shape.Rank != 4) throw new ArgumentException($"maps are [batch, height, width, channels], not {x.Shape}");
        return Averages(x, PoolShapes.Of(x.Shape, x.Shape[1], x.Shape[2], stride: 1, padding: 0));
    }

    private static Tensor Averages(Tensor x, PoolGeometry geometry)
    {
        Tensor y = PoolResult(x, geometry);
        y.Device.AveragePool(geometry, x.Storage, y.Storage);
        return Tape.Record(y, gradY =>
        {
            Storage<float> gradX = x.Slot.Target(out bool accumulate);
            y.Device.AveragePoolGradient(geometry, gradY.Storage, gradX, accumulate);
        });
    }

    private static Tensor PoolResult(Tensor x, in PoolGeometry geometry) =>
        Tape.Result([geometry.Batch, geometry.OutHeight, geometry.OutWidth, geometry.Channels], x);
}
