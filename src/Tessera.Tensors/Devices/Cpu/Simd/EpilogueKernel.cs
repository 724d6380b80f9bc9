using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>The tensors of an <see cref="Epilogue"/> and the destination; null for none.</summary>
/// <param name="bias">One number per channel of the result, then zeros up to whole tiles; never null.</param>
/// <param name="addend">Of the destination's shape; may be the destination.</param>
/// <param name="activation">The activation.</param>
/// <param name="gate">Of the destination's shape.</param>
/// <param name="argument">Of the destination's shape; receives the GELU's argument.</param>
/// <param name="destination">Receives the results.</param>
/// <param name="streams">Whether whole panels of results bypass the caches.</param>
internal readonly unsafe struct EpiloguePointers(
    float* bias, float* addend, Activation activation, float* gate, float* argument, float* destination, bool streams)
{
    public float* Bias { get; } = bias;
    public float* Addend { get; } = addend;
    public float* Gate { get; } = gate;
    public float* Argument { get; } = argument;
    public float* Destination { get; } = destination;
    public bool Streams { get; } = streams;

    /// <summary>Whether negative results become 0.</summary>
    public bool Rectifies { get; } = activation == Activation.Relu && gate == null;

    /// <summary>Whether the results go through a GELU, forward or backward.</summary>
    public bool HasGelu { get; } = activation == Activation.Gelu;
}

/// <summary>
/// The last step of every convolution: moves rows of a tile from the first-level cache to their pixels. Cost: a load
/// and a store per vector, and a load per tensor of the epilogue, in place of as many passes over main memory. A result
/// too large to stay in the caches until it is read is stored past them, because a cached store first fetches the line
/// from main memory.
/// </summary>
internal static unsafe class EpilogueKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>The offset of a pixel that is not stored.</summary>
    public const nint Outside = -1;

    /// <summary>
    /// The smallest result that is stored past the caches: 4 MB. With 2 MB a training step of 64 images took longer,
    /// and a step of 256 images no less. The size of the caches is not considered.
    /// </summary>
    public const int StreamedFloats = 1 << 20;

    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    /// <summary>
    /// Whether results bypass the caches: the result is large, the destination is not read first, and each row of a
    /// tile fills whole cache lines.
    /// </summary>
    public static bool Streams(float* destination, int length, int channels, float* addend, float* argument = null) =>
        length >= StreamedFloats && addend != destination
        && TileColumns % CacheLine.Floats == 0 && channels % CacheLine.Floats == 0
        && (nuint)destination % CacheLine.Bytes == 0 && (nuint)argument % CacheLine.Bytes == 0;

    /// <summary>
    /// Starts to fetch what <see cref="Store"/> will read for some pixels and one panel of channels: the lines lie
    /// apart, so the processor does not see which follow.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Prefetch(in EpiloguePointers e, nint* offsets, int count, int channel)
    {
        if (e.Addend != null) Prefetch(e.Addend + channel, offsets, count);
        if (e.Gate != null) Prefetch(e.Gate + channel, offsets, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* from, nint* offsets, int count)
    {
        for (int row = 0; row < count; row++)
        {
            if (offsets[row] == Outside) continue;
            for (int column = 0; column < TileColumns; column += CacheLine.Floats)
                CacheLine.Prefetch(from + offsets[row] + column);
        }
    }

    /// <summary>Finishes and stores the same consecutive channels of some pixels.</summary>
    /// <param name="e">The epilogue.</param>
    /// <param name="values">Rows of a tile, one after the other.</param>
    /// <param name="offsets">The offset of each row's pixel in the destination, or <see cref="Outside"/>.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="channel">The first channel.</param>
    /// <param name="columns">Channels to store, at most <see cref="MatrixTile{TSimd,TVector}.Columns"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store(in EpiloguePointers e, float* values, nint* offsets, int count, int channel, int columns)
    {
        if (e.HasGelu)
        {
            if (columns == TileColumns) StoreWholeGelu(e, values, offsets, count, channel);
            else StoreGelu(e, values, offsets, count, channel, columns);
            return;
        }
        float* addend = e.Addend, gate = e.Gate, destination = e.Destination;
        bool relu = e.Rectifies, streams = e.Streams;
        TVector bias0 = TSimd.Load(e.Bias + channel), bias1 = TSimd.Load(e.Bias + channel + TSimd.Width);
        for (int row = 0; row < count; row++, values += TileColumns)
        {
            nint offset = offsets[row] + channel;
            if (offsets[row] == Outside) continue;
            if (columns < TileColumns)
            {
                StoreSome(e, values, channel, offset, columns);
                continue;
            }
            TVector value0 = TSimd.Add(TSimd.Load(values), bias0);
            TVector value1 = TSimd.Add(TSimd.Load(values + TSimd.Width), bias1);
            if (addend != null)
            {
                value0 = TSimd.Add(value0, TSimd.Load(addend + offset));
                value1 = TSimd.Add(value1, TSimd.Load(addend + offset + TSimd.Width));
            }
            if (relu)
            {
                value0 = TSimd.Relu(value0);
                value1 = TSimd.Relu(value1);
            }
            else if (gate != null)
            {
                value0 = TSimd.WherePositive(TSimd.Load(gate + offset), value0);
                value1 = TSimd.WherePositive(TSimd.Load(gate + offset + TSimd.Width), value1);
            }
            StoreRow(value0, value1, destination + offset, streams);
        }
    }

    /// <summary>Finishes and stores consecutive floats of whole pixels; the bias has been added already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreRun(in EpiloguePointers e, float* values, nint offset, int length)
    {
        float* addend = e.Addend, gate = e.Gate, destination = e.Destination;
        bool relu = e.Rectifies;
        int i = 0;
        if (e.HasGelu)
        {
            for (; i < length; i += TSimd.Width)
                StoreGelu(e, LoadSome(values + i, length - i), offset + i, length - i, streams: false);
            return;
        }
        for (; i <= length - TSimd.Width; i += TSimd.Width)
        {
            TVector value = TSimd.Load(values + i);
            if (addend != null) value = TSimd.Add(value, TSimd.Load(addend + offset + i));
            if (relu) value = TSimd.Relu(value);
            else if (gate != null) value = TSimd.WherePositive(TSimd.Load(gate + offset + i), value);
            TSimd.Store(value, destination + offset + i);
        }
        for (; i < length; i++) destination[offset + i] = Finish(e, values[i], offset + i);
    }

    private static void StoreSome(in EpiloguePointers e, float* values, int channel, nint offset, int columns)
    {
        for (int c = 0; c < columns; c++)
        {
            e.Destination[offset + c] = Finish(e, values[c] + e.Bias[channel + c], offset + c);
        }
    }

    private static float Finish(in EpiloguePointers e, float value, nint offset)
    {
        if (e.Addend != null) value += e.Addend[offset];
        if (e.Rectifies) return MathF.Max(value, 0);
        return e.Gate != null && !(e.Gate[offset] > 0) ? 0 : value;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreGelu(
        in EpiloguePointers e, float* values, nint* offsets, int count, int channel, int columns)
    {
        for (int row = 0; row < count; row++, values += TileColumns)
        {
            if (offsets[row] == Outside) continue;
            for (int c = 0; c < columns; c += TSimd.Width)
            {
                TVector value = TSimd.Add(TSimd.Load(values + c), TSimd.Load(e.Bias + channel + c));
                StoreGelu(e, value, offsets[row] + channel + c, columns - c, e.Streams);
            }
        }
    }

    /// <summary>The same for whole panels: two vectors at a time, and 2% of a prior's training step faster.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreWholeGelu(in EpiloguePointers e, float* values, nint* offsets, int count, int channel)
    {
        float* addend = e.Addend, gate = e.Gate, argument = e.Argument, destination = e.Destination;
        bool streams = e.Streams;
        TVector bias0 = TSimd.Load(e.Bias + channel), bias1 = TSimd.Load(e.Bias + channel + TSimd.Width);
        for (int row = 0; row < count; row++, values += TileColumns)
        {
            nint offset = offsets[row] + channel, next = offset + TSimd.Width;
            if (offsets[row] == Outside) continue;
            TVector z0 = TSimd.Add(TSimd.Load(values), bias0), z1 = TSimd.Add(TSimd.Load(values + TSimd.Width), bias1);
            if (addend != null)
            {
                z0 = TSimd.Add(z0, TSimd.Load(addend + offset));
                z1 = TSimd.Add(z1, TSimd.Load(addend + next));
            }
            if (gate != null)
            {
                z0 = TSimd.Multiply(z0, GeluKernel<TSimd, TVector>.Slope(TSimd.Load(gate + offset)));
                z1 = TSimd.Multiply(z1, GeluKernel<TSimd, TVector>.Slope(TSimd.Load(gate + next)));
            }
            else
            {
                if (argument != null) StoreRow(z0, z1, argument + offset, streams);
                z0 = GeluKernel<TSimd, TVector>.Value(z0);
                z1 = GeluKernel<TSimd, TVector>.Value(z1);
            }
            StoreRow(z0, z1, destination + offset, streams);
        }
    }

    /// <summary>Finishes and stores up to a vector of results; the bias has been added already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreGelu(in EpiloguePointers e, TVector z, nint offset, int lanes, bool streams)
    {
        if (e.Addend != null) z = TSimd.Add(z, LoadSome(e.Addend + offset, lanes));
        if (e.Gate != null)
        {
            z = TSimd.Multiply(z, GeluKernel<TSimd, TVector>.Slope(LoadSome(e.Gate + offset, lanes)));
        }
        else
        {
            if (e.Argument != null) StoreSome(z, e.Argument + offset, lanes, streams);
            z = GeluKernel<TSimd, TVector>.Value(z);
        }
        StoreSome(z, e.Destination + offset, lanes, streams);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow(TVector value0, TVector value1, float* to, bool streams)
    {
        if (streams)
        {
            TSimd.StoreStreaming(value0, to);
            TSimd.StoreStreaming(value1, to + TSimd.Width);
        }
        else
        {
            TSimd.Store(value0, to);
            TSimd.Store(value1, to + TSimd.Width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector LoadSome(float* from, int lanes) =>
        lanes >= TSimd.Width ? TSimd.Load(from) : PartialVector<TSimd, TVector>.Load(from, lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSome(TVector value, float* to, int lanes, bool streams)
    {
        if (lanes < TSimd.Width) PartialVector<TSimd, TVector>.Store(value, to, lanes);
        else if (streams) TSimd.StoreStreaming(value, to);
        else TSimd.Store(value, to);
    }
}
