namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>One head of one sequence; its vectors of consecutive positions lie apart.</summary>
internal readonly unsafe struct AttentionHead
{
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
}
