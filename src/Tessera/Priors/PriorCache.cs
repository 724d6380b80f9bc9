using Tessera.Tensors;
using Tessera.Tensors.Autograd;

namespace Tessera.Priors;

/// <summary>
/// What a prior keeps of the positions that sequences have so far: the queries, keys and values of each block.
/// </summary>
internal sealed class PriorCache : IDisposable
{
    private readonly int _length;
    private readonly int[] _rows;

    /// <summary>Allocates the memory for sequences of the prior's length.</summary>
    public PriorCache(CodePrior prior, int batch)
    {
        (Sequences, _length) = (batch, prior.Options.Length);
        _rows = new int[batch];
        Projections =
        [
            .. Enumerable.Range(0, prior.Options.Layers).Select(
                _ => Tensor.Zeros([batch, _length, 3 * prior.Options.Width], prior.Device)),
        ];
    }

    /// <summary>The number of sequences.</summary>
    public int Sequences { get; }

    /// <summary>Positions that are in the cache.</summary>
    public int Position { get; private set; }

    /// <summary>The projections of each block, <c>[batch, length, 3 width]</c>.</summary>
    public IReadOnlyList<Tensor> Projections { get; }

    /// <summary>The rows of the next position, which then counts as in the cache.</summary>
    public Indices NextRows(Tape tape)
    {
        for (int i = 0; i < Sequences; i++) _rows[i] = i * _length + Position;
        Position++;
        return tape.Indices(_rows, [Sequences], Sequences * _length);
    }

    /// <summary>Forgets all positions.</summary>
    public void Clear() => Position = 0;

    public void Dispose()
    {
        foreach (Tensor projections in Projections) projections.Dispose();
    }
}
