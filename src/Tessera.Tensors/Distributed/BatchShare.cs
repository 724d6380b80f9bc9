namespace Tessera.Tensors.Distributed;

/// <summary>
/// The part of each batch that this process computes: the images from <see cref="First"/> on. A tape that has one
/// records a step that all ranks make together.
/// </summary>
/// <remarks>
/// The loss of the whole batch is the mean of the ranks' losses, each with the weight <c>count / whole</c>, and a
/// gradient is the sum over the ranks of the gradients of the weighted losses. A term that is a mean over images needs
/// nothing else. A term of a mean over the batch, such as the entropy of mean probabilities, takes that mean over all
/// ranks (<see cref="Ops.TensorOperations.MeanOverRanks"/>); each rank then computes the same term. Sums are packed
/// into one message where they can wait for the end of the step (<see cref="SumLater"/>, <see cref="SumAll"/>).
/// </remarks>
public sealed class BatchShare
{
    private readonly List<(Tensor[] Tensors, Action Then)> _later = [];
    private float[] _packed = [];

    /// <summary>The even share of this rank.</summary>
    /// <param name="ranks">The processes.</param>
    /// <param name="whole">Images of the whole batch, at least one for each rank.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are more ranks than images.</exception>
    public BatchShare(Collective ranks, int whole)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(whole, ranks.Size);
        (Ranks, Whole) = (ranks, whole);
        (First, Count) = ranks.ShareOf(whole, ranks.Rank);
    }

    /// <summary>The processes that share the batch.</summary>
    public Collective Ranks { get; }

    /// <summary>The place of this rank's first image in the whole batch.</summary>
    public int First { get; }

    /// <summary>Images of this rank.</summary>
    public int Count { get; }

    /// <summary>Images of the whole batch.</summary>
    public int Whole { get; }

    /// <summary>The weight of this rank's means: <c>Count / Whole</c>.</summary>
    public float Weight => (float)Count / Whole;

    /// <summary>
    /// The place of the first element of a tensor <c>[images, ...]</c> of this rank among those of the whole batch:
    /// where its random numbers begin.
    /// </summary>
    public long FirstElementOf(Tensor x) => (long)First * (x.Shape.Length / Count);

    /// <summary>Replaces tensors by their sums over the ranks, in one message.</summary>
    public void Sum(params IReadOnlyList<Tensor> tensors)
    {
        int length = tensors.Sum(tensor => tensor.Shape.Length), first = 0;
        if (_packed.Length < length) _packed = new float[length];
        foreach (Tensor tensor in tensors)
        {
            tensor.CopyTo(_packed.AsSpan(first, tensor.Shape.Length));
            first += tensor.Shape.Length;
        }
        Ranks.Sum(_packed.AsSpan(0, length));
        first = 0;
        foreach (Tensor tensor in tensors)
        {
            tensor.CopyFrom(_packed.AsSpan(first, tensor.Shape.Length));
            first += tensor.Shape.Length;
        }
    }

    /// <summary>Sums tensors at the end of the step (<see cref="SumAll"/>), where nothing in it reads them.</summary>
    /// <param name="then">What is done with the sums.</param>
    /// <param name="tensors">The tensors.</param>
    public void SumLater(Action then, params Tensor[] tensors) => _later.Add((tensors, then));

    /// <summary>Ends a step: sums its gradients and all that waits, in one message.</summary>
    /// <param name="gradients">The gradients of the weighted loss.</param>
    public void SumAll(IEnumerable<Tensor> gradients)
    {
        Sum([.. gradients, .. _later.SelectMany(waiting => waiting.Tensors)]);
        foreach ((_, Action then) in _later) then();
        _later.Clear();
    }

    /// <summary>The rows of all ranks, as the whole batch has them; the caller disposes it.</summary>
    /// <param name="x">This rank's rows, as many for each image: <c>[..., columns]</c>.</param>
    /// <returns><c>[all rows, columns]</c>, without a tape.</returns>
    public Tensor GatherRows(Tensor x)
    {
        int perImage = x.Shape.Length / Count;
        int[] counts = new int[Ranks.Size];
        for (int rank = 0; rank < counts.Length; rank++) counts[rank] = Ranks.ShareOf(Whole, rank).Count * perImage;
        float[] all = new float[Whole * perImage];
        Ranks.Gather(x.ToArray(), all, counts);
        return Tensor.From(all, [all.Length / x.Shape.Last, x.Shape.Last], x.Device);
    }
}
