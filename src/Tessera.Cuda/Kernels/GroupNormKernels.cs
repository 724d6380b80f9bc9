using ILGPU;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Kernels;

/// <summary>The sizes of a group normalisation as kernels see them.</summary>
/// <param name="Pixels">Pixels of a map.</param>
/// <param name="Channels">Channels.</param>
/// <param name="Groups">Groups.</param>
/// <param name="SlicePixels">Pixels of a slice of a map; the last one may have fewer.</param>
/// <param name="Slices">Slices of a map.</param>
internal readonly record struct GroupNormSizes(int Pixels, int Channels, int Groups, int SlicePixels, int Slices)
{
    public GroupNormSizes(in GroupNormGeometry g, int slicePixels)
        : this(g.Pixels, g.Channels, g.Groups, slicePixels, (g.Pixels + slicePixels - 1) / slicePixels)
    {
    }

    /// <summary>Channels of a group.</summary>
    public int GroupWidth => Channels / Groups;

    /// <summary>Numbers of a group in one map.</summary>
    public int GroupLength => Pixels * GroupWidth;

    /// <summary>The statistics' row for an element: its group in its map.</summary>
    public int GroupOf(int element) =>
        element / Channels / Pixels * Groups + element % Channels / GroupWidth;
}

/// <summary>
/// Group normalisation. Cost: about ten operations an element. Layout: sums run down the channels, as in
/// <see cref="ColumnKernels"/>: a group of threads has up to 32 neighbouring channels of a slice of one map, its
/// threads take turns at the pixels, at float32, and their sums are added in order in double precision; a warp then
/// adds the slices' sums of a group of channels; the results are computed a thread an element. Bound: memory; forward
/// a map is read twice and written once. Squares are those of differences from a number near the channel's mean, so
/// that maps far from 0 lose nothing.
/// </summary>
internal static class GroupNormKernels
{
    private const float Epsilon = (float)Device.GroupNormEpsilon;

    // Pixels of which a thread makes its first guess of a channel's mean.
    private const int Samples = 4;

    /// <summary>
    /// For each channel of a slice, <c>[maps, slices, channels, 2]</c>: the sum of the numbers and of their squares, as
    /// differences from the map's first number of the channel's group.
    /// </summary>
    internal readonly record struct SliceMoments(GroupNormSizes S, Floats X, Doubles Sums) : IGroupKernel
    {
        public void Run()
        {
            Turns turns = new(S);
            double sum = 0, squares = 0;
            if (turns.Takes)
            {
                int samples = 0;
                float guess = 0, differences = 0, ofSquares = 0;
                for (int pixel = turns.First; pixel < turns.End && samples < Samples; pixel += turns.Step, samples++)
                    guess += X[turns.Element(pixel)];
                guess = samples > 0 ? guess / samples : 0;
                int count = 0;
                for (int pixel = turns.First; pixel < turns.End; pixel += turns.Step, count++)
                {
                    float difference = X[turns.Element(pixel)] - guess;
                    differences += difference;
                    ofSquares += difference * difference;
                }
                double offset = (double)guess - X[turns.GroupStart];
                sum = count * offset + differences;
                squares = offset * (count * offset + 2 * (double)differences) + ofSquares;
            }
            turns.Add(sum, squares, Sums);
        }
    }

    /// <summary>The statistics of a group in one map, from its slices.</summary>
    internal readonly record struct Statistics(GroupNormSizes S, Floats X, Doubles Sums, Floats Result) : IWarpKernel
    {
        public void Run(int item, int lane)
        {
            double sum = 0, squares = 0;
            int map = item / S.Groups, channel = item % S.Groups * S.GroupWidth;
            for (int i = lane; i < S.Slices * S.GroupWidth; i += Warps.Lanes)
            {
                int at = 2 * ((map * S.Slices + i / S.GroupWidth) * S.Channels + channel + i % S.GroupWidth);
                sum += Sums[at];
                squares += Sums[at + 1];
            }
            sum = Warps.Sum(sum) / S.GroupLength;
            double variance = Warps.Sum(squares) / S.GroupLength - sum * sum;
            if (lane != 0) return;
            // NaN stays NaN.
            if (variance < 0) variance = 0;
            Result[2 * item] = (float)(X[map * S.Pixels * S.Channels + channel] + sum);
            Result[2 * item + 1] = (float)(1 / Math.Sqrt(variance + Epsilon));
        }
    }

    internal readonly record struct Normalize(
        GroupNormSizes S, Floats X, Floats Gain, Floats Bias, Floats Statistics, int Relu, Floats Y) : IElementKernel
    {
        public void Run(int index)
        {
            int group = S.GroupOf(index), c = index % S.Channels;
            float value = (X[index] - Statistics[2 * group]) * Statistics[2 * group + 1] * Gain[c] + Bias[c];
            // NaN stays NaN.
            Y[index] = Relu != 0 && value < 0 ? 0 : value;
        }
    }

    /// <summary>
    /// For each channel of a slice, <c>[maps, slices, channels, 2]</c>: the sums of <c>gradY</c> and of
    /// <c>gradY * (x - m)</c>.
    /// </summary>
    internal readonly record struct SliceGradients(
        GroupNormSizes S, Floats X, Floats Statistics, Floats GradY, Doubles Sums) : IGroupKernel
    {
        public void Run()
        {
            Turns turns = new(S);
            float sum = 0, products = 0;
            if (turns.Takes)
            {
                float mean = Statistics[2 * S.GroupOf(turns.GroupStart)];
                for (int pixel = turns.First; pixel < turns.End; pixel += turns.Step)
                {
                    int at = turns.Element(pixel);
                    sum += GradY[at];
                    products += GradY[at] * (X[at] - mean);
                }
            }
            turns.Add(sum, products, Sums);
        }
    }

    /// <summary>The means of d and d h of a group in one map, <c>[maps, groups, 2]</c>.</summary>
    internal readonly record struct GradientMeans(
        GroupNormSizes S, Doubles Sums, Floats Gain, Floats Statistics, Floats Means) : IWarpKernel
    {
        public void Run(int item, int lane)
        {
            double d = 0, dh = 0;
            int map = item / S.Groups, channel = item % S.Groups * S.GroupWidth;
            for (int i = lane; i < S.Slices * S.GroupWidth; i += Warps.Lanes)
            {
                int c = channel + i % S.GroupWidth;
                int at = 2 * ((map * S.Slices + i / S.GroupWidth) * S.Channels + c);
                d += Sums[at] * Gain[c];
                dh += Sums[at + 1] * Gain[c];
            }
            d = Warps.Sum(d) / S.GroupLength;
            dh = Warps.Sum(dh) * Statistics[2 * item + 1] / S.GroupLength;
            if (lane != 0) return;
            Means[2 * item] = (float)d;
            Means[2 * item + 1] = (float)dh;
        }
    }

    /// <summary>The gradients of one channel's gain and bias: the sums over all maps and slices.</summary>
    internal readonly record struct ChannelGradients(
        GroupNormSizes S, int Maps, Doubles Sums, Floats Statistics, Floats GradGain, int AccumulateGain,
        Floats GradBias, int AccumulateBias) : IWarpKernel
    {
        public void Run(int channel, int lane)
        {
            double gain = 0, bias = 0;
            for (int i = lane; i < Maps * S.Slices; i += Warps.Lanes)
            {
                int at = 2 * (i * S.Channels + channel);
                bias += Sums[at];
                gain += Sums[at + 1] * Statistics[2 * (i / S.Slices * S.Groups + channel / S.GroupWidth) + 1];
            }
            gain = Warps.Sum(gain);
            bias = Warps.Sum(bias);
            if (lane != 0) return;
            GradGain[channel] = (float)(AccumulateGain != 0 ? GradGain[channel] + gain : gain);
            GradBias[channel] = (float)(AccumulateBias != 0 ? GradBias[channel] + bias : bias);
        }
    }

    /// <summary>The gradient of x.</summary>
    internal readonly record struct Gradient(
        GroupNormSizes S, Floats X, Floats Gain, Floats Statistics, Floats Means, Floats GradY, Floats GradX,
        int Accumulate) : IElementKernel
    {
        public void Run(int index)
        {
            int group = S.GroupOf(index);
            float factor = Statistics[2 * group + 1], h = (X[index] - Statistics[2 * group]) * factor;
            float d = GradY[index] * Gain[index % S.Channels];
            ElementKernels.Write(
                GradX, index, factor * (d - Means[2 * group] - h * Means[2 * group + 1]), Accumulate);
        }
    }

    /// <summary>
    /// A thread's channel and its turns at the pixels of a slice: channels, slices and maps are the grid.
    /// </summary>
    private readonly struct Turns
    {
        private readonly int _width, _channel, _channels, _start;

        public Turns(GroupNormSizes s)
        {
            _width = Math.Min(s.Channels, ColumnKernels.Width);
            _channels = s.Channels;
            _channel = Grid.IdxX * ColumnKernels.Width + Group.IdxX % _width;
            _start = Grid.IdxZ * s.Pixels * s.Channels;
            Step = Group.DimX / _width;
            First = Grid.IdxY * s.SlicePixels + Group.IdxX / _width;
            End = Math.Min((Grid.IdxY + 1) * s.SlicePixels, s.Pixels);
            GroupStart = _start + _channel / s.GroupWidth * s.GroupWidth;
            // A width that does not divide the threads leaves some over.
            Takes = _channel < s.Channels && Group.IdxX / _width < Step;
        }

        /// <summary>The thread's first pixel.</summary>
        public int First { get; }

        /// <summary>The end of the slice.</summary>
        public int End { get; }

        /// <summary>Pixels from one turn to the next.</summary>
        public int Step { get; }

        /// <summary>The map's first number of the channel's group.</summary>
        public int GroupStart { get; }

        /// <summary>Whether the thread has a channel.</summary>
        public bool Takes { get; }

        /// <summary>The thread's number of a pixel.</summary>
        public int Element(int pixel) => _start + pixel * _channels + _channel;

        /// <summary>Adds the threads' sums of each channel in order; all threads of the group call it.</summary>
        public void Add(double first, double second, Doubles sums)
        {
            Doubles shared = SharedMemory.Allocate<double>(2 * ColumnKernels.MaxThreads);
            shared[2 * Group.IdxX] = first;
            shared[2 * Group.IdxX + 1] = second;
            Group.Barrier();
            if (Group.IdxX >= _width || !Takes) return;
            (first, second) = (0, 0);
            for (int i = Group.IdxX; i < Step * _width; i += _width)
            {
                first += shared[2 * i];
                second += shared[2 * i + 1];
            }
            int at = 2 * ((Grid.IdxZ * Grid.DimY + Grid.IdxY) * _channels + _channel);
            sums[at] = first;
            sums[at + 1] = second;
        }
    }
}
