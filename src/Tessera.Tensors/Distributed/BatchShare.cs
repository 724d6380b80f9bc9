namespace Tessera.Tensors.Distributed;

/// <summary>
/// The part of each batch that this process computes: the images from <see cref="First"/> on. A tape that has one
/// records a step that all ranks make together.
/// </summary>
/// <remarks>
/// The loss of the whole batch is the mean of the ranks' losses, each with the weight <c>count / whole</c>, and a
/// gradient is the sum over the ranks of the gradients of the weighted losses. A term that is a mean over images needs
/// nothing else. A term of a mean over the batch, such as the entropy of mean probabilities, takes that mean over all
/// ranks (<see cref="Ops.TensorOperations.MeanOverRanks"/>); each rank then computes the same term. What can wait for
/// the end of the step (<see cref="SumLater"/>) is summed in a few large pieces, each as soon as it is complete, while
/// the backward pass goes on (<see cref="SumFinal"/>, <see cref="SumAll"/>).
/// </remarks>
/// <example><code>
/// Tensor loss = Loss(tape);                // of this rank's images
/// tape.Backward(loss, share.SumFinal);     // begins to sum while it computes
/// share.SumAll(gradients);                 // now they are those of the whole batch
/// </code></example>
public sealed class BatchShare
{
    // Below, one message to all takes less time than two that share the adding.
    private const int SmallBytes = 16 << 10;

    private readonly Piece _alone;
    private readonly List<Piece> _pieces = [];
    private readonly List<Action> _then = [];
    private readonly HashSet<Tensor> _taken = [];
    private List<Tensor> _waiting = [];
    private long _waitingBytes;
    private int _begun;

    /// <summary>The even share of this rank.</summary>
    /// <param name="ranks">The processes.</param>
    /// <param name="whole">Images of the whole batch, at least one for each rank.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are more ranks than images.</exception>
    public BatchShare(Collective ranks, int whole)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(whole, ranks.Size);
        (Ranks, Whole) = (ranks, whole);
        (First, Count) = ranks.ShareOf(whole, ranks.Rank);
        _alone = new Piece(new PendingSum(ranks));
    }

    /// <summary>The processes that share the batch.</summary>
    public Collective Ranks { get; }

    /// <summary>The place of this rank's first image in the whole batch.</summary>
    public int First { get; }

    /// <summary>Images of this rank.</summary>
    public int Count { get; }

    /// <summary>Images of the whole batch.</summary>
    public int Whole { get; }

    /// <summary>
    /// A piece of the gradients is sent when it has as many bytes. More of them are fewer messages; then more is left for
    /// the end of the step. 512 KiB unless it is set, on all ranks alike.
    /// </summary>
    public int PieceBytes { get; set; } = 512 << 10;

    /// <summary>The weight of this rank's means: <c>Count / Whole</c>.</summary>
    public float Weight => (float)Count / Whole;

    /// <summary>
    /// The place of the first element of a tensor <c>[images, ...]</c> of this rank among those of the whole batch:
    /// where its random numbers begin.
    /// </summary>
    public long FirstElementOf(Tensor x) => (long)First * (x.Shape.Length / Count);

    /// <summary>Replaces a tensor by its sum over the ranks, at once.</summary>
    public void Sum(Tensor tensor)
    {
        if (tensor.Shape.Length * sizeof(float) > SmallBytes)
        {
            _alone.Begin([tensor]);
            FinishParts();
            _alone.Sum.FinishPart();
            _alone.Finish();
            return;
        }
        float[] values = tensor.ToArray();
        Ranks.Sum<float>(values);
        tensor.CopyFrom(values);
    }

    /// <summary>Sums tensors until the end of the step (<see cref="SumAll"/>), where nothing in it reads them.</summary>
    /// <param name="then">What is done with the sums.</param>
    /// <param name="tensors">The tensors, which have their values.</param>
    /// <exception cref="InvalidOperationException">One of them is being summed already.</exception>
    public void SumLater(Action then, params ReadOnlySpan<Tensor> tensors)
    {
        _then.Add(then);
        foreach (Tensor tensor in tensors) AddNew(tensor);
    }

    /// <summary>
    /// Begins to sum gradients that are final: the second argument of <see cref="Autograd.Tape.Backward"/>. The sums are
    /// there after <see cref="SumAll"/>.
    /// </summary>
    /// <param name="parameters">Parameters whose gradients are final; none to go on with what has been begun.</param>
    /// <exception cref="InvalidOperationException">A gradient is being summed already.</exception>
    public void SumFinal(IReadOnlyList<Tensor> parameters)
    {
        foreach (Tensor parameter in parameters) AddNew(parameter.Gradient!);
        if (_waitingBytes >= PieceBytes) Begin();
        for (int i = 0; i < _begun && _pieces[i].Sum.Advance(); i++)
        {
        }
    }

    /// <summary>Ends a step: sums its gradients and all that waits.</summary>
    /// <param name="gradients">The gradients of the weighted loss, those that are being summed too.</param>
    public void SumAll(IEnumerable<Tensor> gradients)
    {
        foreach (Tensor gradient in gradients)
        {
            Add(gradient);
            if (_waitingBytes >= PieceBytes) Begin();
        }
        if (_waiting.Count > 0) Begin();
        FinishPieces();
        foreach (Action then in _then) then();
        _then.Clear();
    }

    /// <summary>Ends a step without its sums, on all ranks, so that another can begin.</summary>
    public void Abandon()
    {
        FinishPieces();
        _waiting.Clear();
        _waitingBytes = 0;
        _then.Clear();
    }

    /// <summary>The rows of all ranks, as the whole batch has them; the caller disposes it.</summary>
    /// <param name="x">This rank's rows, as many for each image: <c>[..., columns]</c>.</param>
    /// <returns><c>[all rows, columns]</c>, without a tape.</returns>
    public Tensor GatherRows(Tensor x)
    {
        int perImage = x.Shape.Length / Count;
        int[] counts = new int[Ranks.Size];
        for (int rank = 0; rank < counts.Length; rank++) counts[rank] = Ranks.ShareOf(Whole, rank).Count * perImage;
        float[] all = new float[checked(Whole * perImage)];
        Ranks.Gather(x.ToArray(), all, counts);
        return Tensor.From(all, [all.Length / x.Shape.Last, x.Shape.Last], x.Device);
    }

    private void AddNew(Tensor tensor)
    {
        if (!Add(tensor))
            throw new InvalidOperationException(
                $"a tensor of {tensor.Shape} is being summed already: a step has one backward pass, and ends with "
                + $"{nameof(SumAll)} or {nameof(Abandon)}");
    }

    private bool Add(Tensor tensor)
    {
        if (!_taken.Add(tensor)) return false;
        _waiting.Add(tensor);
        _waitingBytes += (long)tensor.Shape.Length * sizeof(float);
        return true;
    }

    private void FinishPieces()
    {
        FinishParts();
        for (int i = 0; i < _begun; i++) _pieces[i].Finish();
        _begun = 0;
        _taken.Clear();
    }

    private void FinishParts()
    {
        for (int i = 0; i < _begun; i++) _pieces[i].Sum.FinishPart();
    }

    private void Begin()
    {
        if (_begun == _pieces.Count) _pieces.Add(new Piece(new PendingSum(Ranks)));
        _waiting = _pieces[_begun++].Begin(_waiting);
        _waitingBytes = 0;
    }

    /// <summary>Tensors that are summed together.</summary>
    private sealed class Piece(PendingSum sum)
    {
        private List<Tensor> _tensors = [];

        public PendingSum Sum => sum;

        /// <summary>Sends tensors.</summary>
        /// <returns>An empty list for the next ones.</returns>
        public List<Tensor> Begin(List<Tensor> tensors)
        {
            Span<float> values = sum.Reserve(tensors.Sum(tensor => tensor.Shape.Length));
            foreach (Tensor tensor in tensors)
            {
                tensor.CopyTo(values[..tensor.Shape.Length]);
                values = values[tensor.Shape.Length..];
            }
            sum.Begin();
            List<Tensor> empty = _tensors;
            _tensors = tensors;
            return empty;
        }

        /// <summary>Gives the tensors their sums.</summary>
        public void Finish()
        {
            ReadOnlySpan<float> values = sum.Finish();
            foreach (Tensor tensor in _tensors)
            {
                tensor.CopyFrom(values[..tensor.Shape.Length]);
                values = values[tensor.Shape.Length..];
            }
            _tensors.Clear();
        }
    }
}
