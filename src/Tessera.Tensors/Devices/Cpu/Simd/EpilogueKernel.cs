using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>Where an <see cref="Epilogue"/>'s tensors and the destination are; null for none.</summary>
/// <param name="bias">A number for each channel of the result, and zeros up to whole tiles; never null.</param>
/// <param name="addend">Of the destination's shape; may be the destination.</param>
/// <param name="gate">Of the destination's shape.</param>
/// <param name="relu">Whether negative results become 0.</param>
/// <param name="destination">Receives the results.</param>
internal readonly unsafe struct EpiloguePointers(float* bias, float* addend, float* gate, bool relu, float* destination)
{
    public float* Bias { get; } = bias;
    public float* Addend { get; } = addend;
    public float* Gate { get; } = gate;
    public bool Relu { get; } = relu;
    public float* Destination { get; } = destination;
}

/// <summary>
/// The last step of every convolution: a row of a tile goes from the first-level cache to its pixel. Cost: a load and a
/// store for each vector, and a load for each tensor of the epilogue, in place of as many passes over main memory.
/// </summary>
internal static unsafe class EpilogueKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    /// <summary>Finishes and stores consecutive channels of one pixel.</summary>
    /// <param name="e">The epilogue.</param>
    /// <param name="values">A row of a tile.</param>
    /// <param name="channel">Its first channel.</param>
    /// <param name="offset">Where that channel is in the destination.</param>
    /// <param name="columns">Channels to store, at most <see cref="MatrixTile{TSimd,TVector}.Columns"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(in EpiloguePointers e, float* values, int channel, nint offset, int columns)
    {
        if (columns == TileColumns)
        {
            StoreVector(e, values, channel, offset);
            StoreVector(e, values + TSimd.Width, channel + TSimd.Width, offset + TSimd.Width);
        }
        else
        {
            StoreSome(e, values, channel, offset, columns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreVector(in EpiloguePointers e, float* values, int channel, nint offset)
    {
        TVector value = TSimd.Add(TSimd.Load(values), TSimd.Load(e.Bias + channel));
        if (e.Addend != null) value = TSimd.Add(value, TSimd.Load(e.Addend + offset));
        if (e.Relu) value = TSimd.Relu(value);
        else if (e.Gate != null) value = TSimd.WherePositive(TSimd.Load(e.Gate + offset), value);
        TSimd.Store(value, e.Destination + offset);
    }

    private static void StoreSome(in EpiloguePointers e, float* values, int channel, nint offset, int columns)
    {
        for (int c = 0; c < columns; c++)
        {
            float value = values[c] + e.Bias[channel + c];
            if (e.Addend != null) value += e.Addend[offset + c];
            if (e.Relu) value = MathF.Max(value, 0);
            else if (e.Gate != null && !(e.Gate[offset + c] > 0)) value = 0;
            e.Destination[offset + c] = value;
        }
    }
}
