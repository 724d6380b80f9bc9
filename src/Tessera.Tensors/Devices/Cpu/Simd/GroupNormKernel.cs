using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Group normalisation of maps, a piece of a map at a time. Sums run down the channels: float32 sums of a piece's
/// pixels, from which on everything is added in double precision, piece after piece.
/// </summary>
/// <remarks>
/// Bound by memory: the map is read twice and written once; backward both maps are read twice and one is written. The
/// variance comes from differences to a number near the channel's mean, so that maps far from 0 lose nothing.
/// </remarks>
internal static unsafe class GroupNormKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Numbers for each channel of a map in <see cref="Normalize"/>.</summary>
    public const int Factors = 3;

    /// <summary>Numbers for each channel of a map in <see cref="Gradient"/>.</summary>
    public const int GradientFactors = 4;

    // Pixels of which the first guess of a channel's mean is made.
    private const int Samples = 8;

    /// <summary>Two sums over the pixels of a channel.</summary>
    private interface ITerms
    {
        static abstract TVector First(TVector sum, TVector x, TVector origin, TVector gradY);
        static abstract TVector Second(TVector sum, TVector x, TVector origin, TVector gradY);
    }

    /// <summary>
    /// For each group, the mean of a piece's numbers and the sum of the squared differences from it.
    /// </summary>
    public static void Moments(float* x, int pixels, int channels, int groups, double* moments)
    {
        using var scratch = new Scratch(3L * channels);
        float* origins = scratch.Floats, sums = origins + channels, squares = sums + channels;
        GuessMeans(x, pixels, channels, origins);
        Sum<Differences>(x, x, origins, pixels, channels, sums, squares);
        int width = channels / groups;
        for (int group = 0; group < groups; group++)
        {
            double origin = origins[group * width], sum = 0, square = 0, count = (double)pixels * width;
            for (int channel = group * width; channel < (group + 1) * width; channel++)
            {
                double offset = origins[channel] - origin;
                sum += pixels * offset + sums[channel];
                square += offset * (pixels * offset + 2.0 * sums[channel]) + squares[channel];
            }
            moments[2 * group] = origin + sum / count;
            moments[2 * group + 1] = square - sum * (sum / count);
        }
    }

    /// <summary>
    /// From the moments of a map's pieces, the statistics of its groups, and what <see cref="Normalize"/> needs for
    /// each channel.
    /// </summary>
    /// <param name="g">The sizes.</param>
    /// <param name="pixelsPerPiece">Pixels of a piece; the last one may have fewer.</param>
    /// <param name="moments">Of each piece, <c>[pieces, groups, 2]</c>.</param>
    /// <param name="gain"><c>[channels]</c>.</param>
    /// <param name="bias"><c>[channels]</c>.</param>
    /// <param name="statistics">Receives <c>[groups, 2]</c>.</param>
    /// <param name="factors">Receives <c>[Factors, channels]</c>.</param>
    public static void Finish(
        in GroupNormGeometry g, int pixelsPerPiece, double* moments, float* gain, float* bias, float* statistics,
        float* factors)
    {
        int pixels = g.Pixels, pieces = WorkerPool.Ranges(pixels, pixelsPerPiece);
        for (int group = 0; group < g.Groups; group++)
        {
            double mean = 0, squares = 0;
            for (int piece = 0; piece < pieces; piece++)
                mean += moments[2 * ((nint)piece * g.Groups + group)] * Share(piece);
            for (int piece = 0; piece < pieces; piece++)
            {
                double* of = moments + 2 * ((nint)piece * g.Groups + group);
                squares += of[1] / g.GroupLength + (of[0] - mean) * (of[0] - mean) * Share(piece);
            }
            double factor = 1 / Math.Sqrt(Math.Max(squares, 0) + Device.GroupNormEpsilon);
            float rounded = (float)mean;
            (statistics[2 * group], statistics[2 * group + 1]) = (rounded, (float)factor);
            for (int c = group * g.GroupWidth; c < (group + 1) * g.GroupWidth; c++)
            {
                factors[c] = rounded;
                factors[g.Channels + c] = (float)(factor * gain[c]);
                factors[2 * g.Channels + c] = (float)(bias[c] + (rounded - mean) * factor * gain[c]);
            }
        }

        double Share(int piece) =>
            (double)Math.Min(pixelsPerPiece, pixels - piece * pixelsPerPiece) / pixels;
    }

    /// <summary><c>y = (x - factors[0]) * factors[1] + factors[2]</c>, the factors by channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalize(float* x, float* factors, int pixels, int channels, bool relu, float* y)
    {
        float* means = factors, slopes = means + channels, addends = slopes + channels;
        for (int pixel = 0; pixel < pixels; pixel++, x += channels, y += channels)
        {
            int c = 0;
            for (; c <= channels - TSimd.Width; c += TSimd.Width)
            {
                TVector difference = TSimd.Subtract(TSimd.Load(x + c), TSimd.Load(means + c));
                TVector value = TSimd.MultiplyAdd(difference, TSimd.Load(slopes + c), TSimd.Load(addends + c));
                TSimd.Store(relu ? TSimd.Relu(value) : value, y + c);
            }
            for (; c < channels; c++)
            {
                float value = (x[c] - means[c]) * slopes[c] + addends[c];
                y[c] = relu ? MathF.Max(value, 0) : value;
            }
        }
    }

    /// <summary>
    /// For each channel, the sums over a piece's pixels of <c>gradY</c> and of <c>gradY * (x - m)</c>,
    /// <c>[2, channels]</c>.
    /// </summary>
    public static void GradientSums(
        in GroupNormGeometry g, float* x, float* gradY, float* statistics, int pixels, float* sums)
    {
        using var scratch = new Scratch(g.Channels);
        float* means = scratch.Floats;
        for (int c = 0; c < g.Channels; c++) means[c] = statistics[2 * (c / g.GroupWidth)];
        Sum<Products>(x, gradY, means, pixels, g.Channels, sums, sums + g.Channels);
    }

    /// <summary>
    /// From the sums of a map's pieces, its part of the gradients of gain and bias, and what <see cref="Gradient"/>
    /// needs for each channel.
    /// </summary>
    /// <param name="g">The sizes.</param>
    /// <param name="pieces">The number of pieces.</param>
    /// <param name="sums">Of each piece, <c>[pieces, 2, channels]</c>.</param>
    /// <param name="gain"><c>[channels]</c>.</param>
    /// <param name="statistics"><c>[groups, 2]</c>.</param>
    /// <param name="totals">Receives the parts of the gain's and the bias's gradient, <c>[2, channels]</c>.</param>
    /// <param name="factors">Receives <c>[GradientFactors, channels]</c>.</param>
    public static void FinishGradient(
        in GroupNormGeometry g, int pieces, float* sums, float* gain, float* statistics, double* totals,
        float* factors)
    {
        double* gains = totals, biases = totals + g.Channels;
        for (int group = 0; group < g.Groups; group++)
        {
            double factor = statistics[2 * group + 1], meanOfD = 0, meanOfDh = 0;
            for (int c = group * g.GroupWidth; c < (group + 1) * g.GroupWidth; c++)
            {
                (double first, double second) = (0, 0);
                for (int piece = 0; piece < pieces; piece++)
                {
                    first += sums[2 * (nint)piece * g.Channels + c];
                    second += sums[(2 * (nint)piece + 1) * g.Channels + c];
                }
                (biases[c], gains[c]) = (first, second * factor);
                meanOfD += first * gain[c] / g.GroupLength;
                meanOfDh += gains[c] * gain[c] / g.GroupLength;
            }
            for (int c = group * g.GroupWidth; c < (group + 1) * g.GroupWidth; c++)
            {
                factors[c] = statistics[2 * group];
                factors[g.Channels + c] = (float)(factor * gain[c]);
                factors[2 * g.Channels + c] = (float)(-factor * factor * meanOfDh);
                factors[3 * g.Channels + c] = (float)(-factor * meanOfD);
            }
        }
    }

    /// <summary>
    /// <c>gradX = gradY * factors[1] + (x - factors[0]) * factors[2] + factors[3]</c>, the factors by channel.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(
        float* x, float* gradY, float* factors, int pixels, int channels, float* gradX, bool accumulate)
    {
        float* means = factors, slopes = means + channels, bends = slopes + channels, addends = bends + channels;
        for (int pixel = 0; pixel < pixels; pixel++, x += channels, gradY += channels, gradX += channels)
        {
            int c = 0;
            for (; c <= channels - TSimd.Width; c += TSimd.Width)
            {
                TVector difference = TSimd.Subtract(TSimd.Load(x + c), TSimd.Load(means + c));
                TVector value = TSimd.MultiplyAdd(difference, TSimd.Load(bends + c), TSimd.Load(addends + c));
                value = TSimd.MultiplyAdd(TSimd.Load(gradY + c), TSimd.Load(slopes + c), value);
                TSimd.Store(accumulate ? TSimd.Add(TSimd.Load(gradX + c), value) : value, gradX + c);
            }
            for (; c < channels; c++)
            {
                float value = gradY[c] * slopes[c] + ((x[c] - means[c]) * bends[c] + addends[c]);
                gradX[c] = accumulate ? gradX[c] + value : value;
            }
        }
    }

    /// <summary>A number near the mean of each channel, from a few pixels.</summary>
    private static void GuessMeans(float* x, int pixels, int channels, float* means)
    {
        int samples = Math.Min(pixels, Samples);
        RowMath<TSimd, TVector>.Fill(means, channels, 0);
        for (int sample = 0; sample < samples; sample++)
            RowMath<TSimd, TVector>.Add(x + (nint)sample * pixels / samples * channels, channels, means);
        RowMath<TSimd, TVector>.Scale(means, channels, 1f / samples, means);
    }

    /// <summary>Two sums for each channel, over all pixels in order.</summary>
    private static void Sum<TTerms>(
        float* x, float* gradY, float* origins, int pixels, int channels, float* first, float* second)
        where TTerms : struct, ITerms
    {
        int c = 0;
        for (; c <= channels - 4 * TSimd.Width; c += 4 * TSimd.Width)
            SumFour<TTerms>(x + c, gradY + c, origins + c, pixels, channels, first + c, second + c);
        for (; c <= channels - TSimd.Width; c += TSimd.Width)
        {
            (TVector sum, TVector other) =
                SumOne<TTerms>(x + c, gradY + c, origins + c, pixels, channels, isWhole: true);
            TSimd.Store(sum, first + c);
            TSimd.Store(other, second + c);
        }
        for (; c < channels; c++)
        {
            (TVector sum, TVector other) =
                SumOne<TTerms>(x + c, gradY + c, origins + c, pixels, channels, isWhole: false);
            PartialVector<TSimd, TVector>.Store(sum, first + c, 1);
            PartialVector<TSimd, TVector>.Store(other, second + c, 1);
        }
    }

    /// <summary>Four vectors side by side: their sums do not wait for each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumFour<TTerms>(
        float* x, float* gradY, float* origins, int pixels, int channels, float* first, float* second)
        where TTerms : struct, ITerms
    {
        int w = TSimd.Width;
        TVector o0 = TSimd.Load(origins), o1 = TSimd.Load(origins + w);
        TVector o2 = TSimd.Load(origins + 2 * w), o3 = TSimd.Load(origins + 3 * w);
        TVector a0 = TSimd.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (int pixel = 0; pixel < pixels; pixel++, x += channels, gradY += channels)
        {
            TVector x0 = TSimd.Load(x), x1 = TSimd.Load(x + w);
            TVector g0 = TSimd.Load(gradY), g1 = TSimd.Load(gradY + w);
            a0 = TTerms.First(a0, x0, o0, g0);
            b0 = TTerms.Second(b0, x0, o0, g0);
            a1 = TTerms.First(a1, x1, o1, g1);
            b1 = TTerms.Second(b1, x1, o1, g1);
            TVector x2 = TSimd.Load(x + 2 * w), x3 = TSimd.Load(x + 3 * w);
            TVector g2 = TSimd.Load(gradY + 2 * w), g3 = TSimd.Load(gradY + 3 * w);
            a2 = TTerms.First(a2, x2, o2, g2);
            b2 = TTerms.Second(b2, x2, o2, g2);
            a3 = TTerms.First(a3, x3, o3, g3);
            b3 = TTerms.Second(b3, x3, o3, g3);
        }
        TSimd.Store(a0, first);
        TSimd.Store(a1, first + w);
        TSimd.Store(a2, first + 2 * w);
        TSimd.Store(a3, first + 3 * w);
        TSimd.Store(b0, second);
        TSimd.Store(b1, second + w);
        TSimd.Store(b2, second + 2 * w);
        TSimd.Store(b3, second + 3 * w);
    }

    /// <summary>One vector of channels, or one channel in all its lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (TVector First, TVector Second) SumOne<TTerms>(
        float* x, float* gradY, float* origins, int pixels, int channels, bool isWhole)
        where TTerms : struct, ITerms
    {
        TVector origin = isWhole ? TSimd.Load(origins) : TSimd.Broadcast(*origins);
        TVector first = TSimd.Broadcast(0), second = first;
        for (int pixel = 0; pixel < pixels; pixel++, x += channels, gradY += channels)
        {
            TVector value = isWhole ? TSimd.Load(x) : TSimd.Broadcast(*x);
            TVector gradient = isWhole ? TSimd.Load(gradY) : TSimd.Broadcast(*gradY);
            first = TTerms.First(first, value, origin, gradient);
            second = TTerms.Second(second, value, origin, gradient);
        }
        return (first, second);
    }

    /// <summary>The differences from the origin, and their squares.</summary>
    private readonly struct Differences : ITerms
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector First(TVector sum, TVector x, TVector origin, TVector gradY) =>
            TSimd.Add(sum, TSimd.Subtract(x, origin));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Second(TVector sum, TVector x, TVector origin, TVector gradY)
        {
            TVector difference = TSimd.Subtract(x, origin);
            return TSimd.MultiplyAdd(difference, difference, sum);
        }
    }

    /// <summary>The gradients, and their products with the differences.</summary>
    private readonly struct Products : ITerms
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector First(TVector sum, TVector x, TVector origin, TVector gradY) => TSimd.Add(sum, gradY);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Second(TVector sum, TVector x, TVector origin, TVector gradY) =>
            TSimd.MultiplyAdd(gradY, TSimd.Subtract(x, origin), sum);
    }
}
