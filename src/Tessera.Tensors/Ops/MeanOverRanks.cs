using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The mean over the whole batch of a mean over this rank's part of it:
    /// <c>m = sum over the ranks of count / whole * x</c>; x itself where one process has the whole batch.
    /// Backward: <c>dx = dm</c>. What follows is the same on all ranks, and their gradients are added up with these
    /// weights (<see cref="Distributed.BatchShare"/>).
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <returns>The shape of x, the same bits on all ranks.</returns>
    public static Tensor MeanOverRanks(this Tensor x)
    {
        if (x.Tape?.Share is not { } share) return x;
        Tensor mean = Tape.Result(x.Shape, x);
        mean.Device.Scale(x.Storage, share.Weight, mean.Storage, accumulate: false);
        share.Sum(mean);
        return Tape.Record(mean, x.AddGradient);
    }
}
