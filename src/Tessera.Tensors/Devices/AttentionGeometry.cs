namespace Tessera.Tensors.Devices;

/// <summary>
/// The sizes of an attention over sequences of <see cref="Length"/> positions: <see cref="Count"/> queries from
/// position <see cref="First"/> on, against the keys of all positions, or with <see cref="IsCausal"/> those up to the
/// query's own. A row of projections has the query, key and value of one position, each
/// <c>[Heads, HeadWidth]</c>.
/// </summary>
/// <param name="Batch">Sequences.</param>
/// <param name="Length">Positions of a sequence.</param>
/// <param name="First">The position of the first query.</param>
/// <param name="Count">Queries of a sequence.</param>
/// <param name="Heads">Heads.</param>
/// <param name="HeadWidth">Numbers of a query, key or value in a head.</param>
/// <param name="IsCausal">Whether a position attends to itself and those before it only.</param>
public readonly record struct AttentionGeometry(
    int Batch, int Length, int First, int Count, int Heads, int HeadWidth, bool IsCausal)
{
    /// <summary>Numbers of a query, key or value in all heads.</summary>
    public int Width => Heads * HeadWidth;

    /// <summary>The keys of a query, from position 0 on.</summary>
    /// <param name="query">The query's position.</param>
    public int Keys(int query) => IsCausal ? query + 1 : Length;

    /// <summary>What scores are multiplied with: <c>1 / sqrt(HeadWidth)</c>.</summary>
    public float Scale => 1 / MathF.Sqrt(HeadWidth);
}
