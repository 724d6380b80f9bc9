using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Training;

/// <summary>
/// The multi-scale structural similarity (Wang, Simoncelli, Bovik 2003, equation 7) with all exponents 1 and a Gaussian
/// window: <c>MS-SSIM = l_M cs_M * product over j below M of cs_j</c>, 1 for equal images. Zhao, Gallo, Frosio and
/// Kautz, "Loss Functions for Image Restoration with Neural Networks", 2017, train with its mixture with L1; unlike
/// them, this halves the images from scale to scale and does not weight L1 by a window.
/// </summary>
/// <remarks>
/// With m, v and s the means, variances and covariances under the window,
/// <c>l = (2 mx my + C1) / (mx^2 + my^2 + C1)</c> and <c>cs = (2 s + C2) / (vx + vy + C2)</c>, C1 = 0.01^2 and
/// C2 = 0.03^2. Each factor is the mean over the windows around all pixels, for each channel, at least 0; the result is
/// the mean over images and channels. Images are mirrored at their borders, half a window wide: with windows inside the
/// image alone, the outermost pixels would hardly count and stay untrained. From scale to scale 2x2 pixels become their
/// mean. There are at most five scales, as many as leave sides of at least a window: 2 for 32x32 images, 3 for 64x64,
/// 5 from 176x176 on.
/// </remarks>
internal sealed class MultiScaleSimilarity : IDisposable
{
    /// <summary>The side of the window where the image has room for it.</summary>
    private const int UsualWindow = 11;

    private const int MostScales = 5;
    private const double Deviation = 1.5;
    private const float UsualC1 = 0.01f * 0.01f, UsualC2 = 0.03f * 0.03f;

    private readonly int _scales, _margin;
    private readonly Dictionary<Shape, Indices> _mirrors = [];
    private readonly Tensor _columns, _rows, _half, _c1, _c2, _one;

    /// <summary>Prepares the comparison of images of a size.</summary>
    /// <param name="height">Their height.</param>
    /// <param name="width">Their width.</param>
    /// <param name="channels">Their channels.</param>
    /// <param name="device">The device.</param>
    public MultiScaleSimilarity(int height, int width, int channels, Device device)
        : this(
            Gaussian(WindowFor(Math.Min(height, width))), ScalesFor(Math.Min(height, width)), channels, UsualC2, device,
            mirrors: true)
    {
    }

    /// <summary>
    /// The same with a window, a number of scales and a constant of one's choice, and with mirrored borders or with the
    /// windows inside the image alone.
    /// </summary>
    internal MultiScaleSimilarity(
        ReadOnlySpan<float> window, int scales, int channels, float c2, Device device, bool mirrors)
    {
        _scales = scales;
        _margin = mirrors ? window.Length / 2 : 0;
        // A window for each channel alone: weights from a channel to another are 0.
        float[] weights = new float[channels * channels * window.Length];
        for (int channel = 0; channel < channels; channel++)
            window.CopyTo(weights.AsSpan((channel * channels + channel) * window.Length));
        _columns = Tensor.From(weights, [channels, channels, window.Length, 1], device);
        _rows = Tensor.From(weights, [channels, channels, 1, window.Length], device);
        (_half, _c1, _c2) = (Constant(0.5f, [channels]), Constant(UsualC1, [channels]), Constant(c2, [channels]));
        _one = Constant(1, []);

        Tensor Constant(float value, Shape shape)
        {
            Tensor tensor = Tensor.Zeros(shape, device);
            tensor.Fill(value);
            return tensor;
        }
    }

    /// <summary>The scales of images whose shorter side is this.</summary>
    public static int ScalesFor(int side)
    {
        int scales = 1;
        for (; scales < MostScales && side / 2 >= UsualWindow; scales++) side /= 2;
        return scales;
    }

    /// <summary>How unlike images are: 1 less their mean similarity.</summary>
    /// <param name="x"><c>[batch, height, width, channels]</c>, pixels in [-0.5, 0.5].</param>
    /// <param name="y">The shape of x.</param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    public Tensor Dissimilarity(Tensor x, Tensor y)
    {
        (x, y) = (x.Add(_half), y.Add(_half));
        Tensor? product = null;
        for (int scale = 1; scale <= _scales; scale++)
        {
            if (scale > 1) (x, y) = (x.AveragePool(2, 2), y.AveragePool(2, 2));
            Tensor factor = Factor(x, y, withLuminance: scale == _scales).MapMeans().Relu();
            product = product?.Multiply(factor) ?? factor;
        }
        return product!.Mean().Scale(-1).Add(_one);
    }

    /// <summary>Frees the windows.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in (Tensor[])[_columns, _rows, _half, _c1, _c2, _one]) tensor.Dispose();
        foreach (Indices mirror in _mirrors.Values) mirror.Dispose();
    }

    /// <summary>The map of cs, or of l cs.</summary>
    private Tensor Factor(Tensor x, Tensor y, bool withLuminance)
    {
        (x, y) = (Mirrored(x), Mirrored(y));
        Tensor meanX = Blur(x), meanY = Blur(y);
        Tensor means = meanX.Multiply(meanY), squares = meanX.Multiply(meanX).Add(meanY.Multiply(meanY));
        Tensor covariance = Blur(x.Multiply(y)).Add(means.Scale(-1));
        Tensor variances = Blur(x.Multiply(x).Add(y.Multiply(y))).Add(squares.Scale(-1));
        Tensor contrast = covariance.Scale(2).Add(_c2).Divide(variances.Add(_c2));
        return withLuminance
            ? means.Scale(2).Add(_c1).Divide(squares.Add(_c1)).Multiply(contrast)
            : contrast;
    }

    private Tensor Blur(Tensor x) =>
        x.Conv2d(_columns, bias: null, stride: 1, padding: 0).Conv2d(_rows, bias: null, stride: 1, padding: 0);

    /// <summary>The images, longer by the margin on each side; the border itself does not come twice.</summary>
    private Tensor Mirrored(Tensor x)
    {
        if (_margin == 0) return x;
        // The pixels are the rows of a table. Which one goes where depends on the shape alone.
        if (!_mirrors.TryGetValue(x.Shape, out Indices? mirror)) _mirrors.Add(x.Shape, mirror = Mirror(x));
        return x.Reshape([mirror.Limit, x.Shape.Last]).GatherRows(x.Tape is { } tape ? mirror.On(tape) : mirror);
    }

    private Indices Mirror(Tensor x)
    {
        (int batch, int height, int width) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        int[] rows = Reflected(height), columns = Reflected(width);
        int[] pixels =
        [
            .. from image in Enumerable.Range(0, batch)
               from row in rows
               from column in columns
               select (image * height + row) * width + column,
        ];
        return Indices.From(pixels, [batch, rows.Length, columns.Length], batch * height * width, x.Device);
    }

    private int[] Reflected(int size) =>
        [.. Enumerable.Range(-_margin, size + 2 * _margin).Select(i => size - 1 - Math.Abs(size - 1 - Math.Abs(i)))];

    // (n - 1) | 1 is the largest odd number up to n.
    private static int WindowFor(int side) => Math.Min(UsualWindow, (side - 1) | 1);

    private static float[] Gaussian(int length)
    {
        double[] weights =
        [
            .. Enumerable.Range(0, length).Select(i =>
                Math.Exp(-Math.Pow(i - length / 2, 2) / (2 * Deviation * Deviation))),
        ];
        double sum = weights.Sum();
        return [.. weights.Select(weight => (float)(weight / sum))];
    }
}
