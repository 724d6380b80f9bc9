namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// A convolution or a transposed convolution as sums over windows of a padded source map. A convolution is one
/// <see cref="Phase"/> whose windows lie Stride pixels apart. A transposed convolution of stride s is s x s phases:
/// the output pixels (s*i + p, s*j + q) are a convolution of stride 1 with every s-th kernel row and column.
/// </summary>
internal sealed class CorrelationPlan
{
    private CorrelationPlan(Conv2dGeometry g, bool transposed)
    {
        Geometry = g;
        IsTransposed = transposed;
        Images = g.Batch;
        (SourceHeight, SourceWidth, SourceChannels) =
            transposed ? (g.OutHeight, g.OutWidth, g.OutChannels) : (g.InHeight, g.InWidth, g.InChannels);
        (Height, Width, Channels) =
            transposed ? (g.InHeight, g.InWidth, g.InChannels) : (g.OutHeight, g.OutWidth, g.OutChannels);
        WindowStep = transposed ? 1 : g.Stride;
        PixelStep = transposed ? g.Stride : 1;
        int kernelArea = g.KernelHeight * g.KernelWidth;
        KernelWidth = g.KernelWidth;
        ChannelStride = transposed ? kernelArea : g.InChannels * kernelArea;
        SourceChannelStride = transposed ? g.InChannels * kernelArea : kernelArea;
    }

    /// <summary>The convolution's sizes.</summary>
    public Conv2dGeometry Geometry { get; }

    /// <summary>Whether this is the transposed convolution.</summary>
    public bool IsTransposed { get; }

    public int Images { get; }
    public int SourceHeight { get; }
    public int SourceWidth { get; }
    public int SourceChannels { get; }
    public int Height { get; }
    public int Width { get; }
    public int Channels { get; }

    /// <summary>Source pixels from one window to the next.</summary>
    public int WindowStep { get; }

    /// <summary>Destination pixels from one pixel of a phase to the next.</summary>
    public int PixelStep { get; }

    public int KernelWidth { get; }

    /// <summary>In the OIHW weights: floats from one destination channel to the next.</summary>
    public int ChannelStride { get; }

    /// <summary>In the OIHW weights: floats from one source channel to the next.</summary>
    public int SourceChannelStride { get; }

    public int PadTop { get; private init; }
    public int PadLeft { get; private init; }
    public int PaddedWidth { get; private init; }

    /// <summary>The padded source rows under the windows of one row of pixels, over all phases.</summary>
    public int WindowRows { get; private init; }

    /// <summary>The largest numbers of rows and columns of a phase.</summary>
    public (int Rows, int Columns) Grid { get; private init; }

    public required Phase[] Phases { get; init; }

    public static CorrelationPlan Convolution(in Conv2dGeometry g) => new(g, transposed: false)
    {
        PadTop = g.Padding,
        PadLeft = g.Padding,
        PaddedWidth = (g.OutWidth - 1) * g.Stride + g.KernelWidth,
        WindowRows = g.KernelHeight,
        Grid = (g.OutHeight, g.OutWidth),
        Phases =
        [
            new Phase(
                new Axis(0, g.OutHeight, 0, g.KernelHeight, 0, 1), new Axis(0, g.OutWidth, 0, g.KernelWidth, 0, 1)),
        ],
    };

    public static CorrelationPlan Transposed(in Conv2dGeometry g)
    {
        Axis[] rows = TransposedAxes(g.InHeight, g.KernelHeight, g.Stride, g.Padding, out int top);
        Axis[] columns = TransposedAxes(g.InWidth, g.KernelWidth, g.Stride, g.Padding, out int left);
        return new CorrelationPlan(g, transposed: true)
        {
            PadTop = top,
            PadLeft = left,
            PaddedWidth = columns.Max(axis => axis.Count - 1 + axis.Window + axis.Taps),
            WindowRows = rows.Max(axis => axis.Window + axis.Taps),
            Grid = (rows.Max(axis => axis.Count), columns.Max(axis => axis.Count)),
            Phases = [.. rows.SelectMany(row => columns.Select(column => new Phase(row, column)))],
        };
    }

    /// <summary>
    /// Destination coordinate d = s*i + p receives source coordinate o by kernel element t where o*s + t - padding = d.
    /// So t = t0 + s*j with t0 = (p + padding) mod s, and o = i + (p + padding) / s - j: as o ascends, t descends.
    /// </summary>
    private static Axis[] TransposedAxes(int size, int kernel, int stride, int padding, out int pad)
    {
        int phases = Math.Min(stride, size);
        int Taps(int p) => Math.Max(0, (kernel - (p + padding) % stride + stride - 1) / stride);
        int First(int p) => (p + padding) / stride - (Taps(p) - 1);
        int padded = pad = Math.Max(0, Enumerable.Range(0, phases).Max(p => -First(p)));
        return [.. Enumerable.Range(0, phases).Select(p => new Axis(
            p, (size - p + stride - 1) / stride, First(p) + padded, Taps(p),
            (p + padding) % stride + stride * (Taps(p) - 1), -stride))];
    }

    /// <summary>One direction of a phase.</summary>
    /// <param name="Pixel">The first destination coordinate.</param>
    /// <param name="Count">The number of destination coordinates, PixelStep apart.</param>
    /// <param name="Window">The padded source coordinate where the first window starts.</param>
    /// <param name="Taps">Source coordinates in a window.</param>
    /// <param name="Kernel">The kernel coordinate of the window's first tap.</param>
    /// <param name="KernelStep">The step from a tap's kernel coordinate to the next tap's.</param>
    public readonly record struct Axis(int Pixel, int Count, int Window, int Taps, int Kernel, int KernelStep);

    public readonly record struct Phase(Axis Rows, Axis Columns)
    {
        public int Taps => Rows.Taps * Columns.Taps;
    }
}
