using Tessera.Tensors;

namespace Tessera.Priors;

/// <summary>
/// What a prior keeps of the positions that sequences have so far: the queries, keys and values of each block. The rest
/// is memory that stays the same when a position is computed again, for devices that record.
/// </summary>
internal sealed class PriorCache : IDisposable
{
    private readonly Indices[] _rows;

    /// <summary>Allocates the memory for sequences of the prior's length.</summary>
    public PriorCache(CodePrior prior, int batch)
    {
        int length = prior.Options.Length;
        Inputs = Indices.From(new int[batch], [batch], prior.Inputs, prior.Device);
        _rows =
        [
            .. Enumerable.Range(0, length).Select(position => Indices.From(
                [.. Enumerable.Range(0, batch).Select(i => i * length + position)], [batch], batch * length,
                prior.Device)),
        ];
        Projections =
        [
            .. Enumerable.Range(0, prior.Options.Layers).Select(
                _ => Tensor.Zeros([batch, length, 3 * prior.Options.Width], prior.Device)),
        ];
    }

    /// <summary>The inputs of a position, <c>[batch]</c>.</summary>
    public Indices Inputs { get; }

    /// <summary>The projections of each block, <c>[batch, length, 3 width]</c>.</summary>
    public IReadOnlyList<Tensor> Projections { get; }

    /// <summary>The number of sequences.</summary>
    public int Sequences => Inputs.Shape.Length;

    /// <summary>The rows of a position in the projections, <c>[batch]</c>.</summary>
    public Indices Rows(int position) => _rows[position];

    public void Dispose()
    {
        Inputs.Dispose();
        foreach (Indices rows in _rows) rows.Dispose();
        foreach (Tensor projections in Projections) projections.Dispose();
    }
}
