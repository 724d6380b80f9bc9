using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>One head of one sequence; its vectors of consecutive positions lie apart.</summary>
internal readonly unsafe struct AttentionHead
{
    // More would fall out of the cache before they are needed.
    private const int MostPrefetched = 128;

    /// <summary>The head of an item; the heads of a sequence follow each other.</summary>
    /// <param name="g">The sizes.</param>
    /// <param name="projections">Projections of all sequences, or their gradient.</param>
    /// <param name="item">Sequence times heads, plus head.</param>
    public AttentionHead(in AttentionGeometry g, float* projections, int item)
    {
        (int sequence, int head) = Math.DivRem(item, g.Heads);
        Stride = 3 * (nint)g.Width;
        Queries = projections + (nint)sequence * g.Length * Stride + head * g.HeadWidth;
        Keys = Queries + g.Width;
        Values = Keys + g.Width;
        Results = (nint)sequence * g.Count * g.Width + head * g.HeadWidth;
    }

    /// <summary>Floats from one position to the next.</summary>
    public nint Stride { get; }

    /// <summary>The query of position 0.</summary>
    public float* Queries { get; }

    /// <summary>The key of position 0.</summary>
    public float* Keys { get; }

    /// <summary>The value of position 0.</summary>
    public float* Values { get; }

    /// <summary>The offset of the first query's result; those of the next are as far apart as the width.</summary>
    public nint Results { get; }

    /// <summary>
    /// Starts to fetch the vectors that the geometry's queries need: they lie apart, so the processor does not see
    /// which follow.
    /// </summary>
    public void Prefetch(in AttentionGeometry g)
    {
        PrefetchRows(Queries + g.First * Stride, Stride, g.Count, g.HeadWidth);
        int keys = g.Keys(g.First + g.Count - 1);
        PrefetchRows(Keys, Stride, keys, g.HeadWidth);
        PrefetchRows(Values, Stride, keys, g.HeadWidth);
    }

    /// <summary>Starts to fetch rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PrefetchRows(float* row, nint stride, int count, int width)
    {
        for (count = Math.Min(count, MostPrefetched); count > 0; count--, row += stride)
        {
            for (int i = 0; i < width; i += CacheLine.Floats) CacheLine.Prefetch(row + i);
        }
    }
}
