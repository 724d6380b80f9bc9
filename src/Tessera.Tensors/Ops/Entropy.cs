using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The entropy of distributions, in nats: with q the mean of the rows and
    /// <c>H(p) = -sum of p log(p + 1e-10)</c>, <c>L = Row * (mean over rows of H(p)) + Mean * H(q)</c>.
    /// Backward: <c>dp = -dL / rows * (Row * (log(p + 1e-10) + 1) + Mean * (log(q + 1e-10) + 1))</c>.
    /// </summary>
    /// <param name="p">
    /// Any shape whose innermost rows are distributions: of the whole batch, so q is the mean over all ranks.
    /// </param>
    /// <param name="weights">The weights Row and Mean.</param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    public static Tensor RowEntropy(this Tensor p, EntropyWeights weights)
    {
        int columns = p.Shape.Last;
        if (p.Tape?.Share is not null && weights.Mean != 0)
        {
            Tensor mean = p.Reshape([1, p.Shape.Rows, 1, columns]).MapMeans().MeanOverRanks();
            return p.RowEntropy(weights with { Mean = 0 })
                .Add(mean.Reshape([1, columns]).RowEntropy(new EntropyWeights(weights.Mean, Mean: 0)));
        }
        Tensor result = Tape.Result([], p), means = Tape.Result([columns], p.Detach());
        Device device = result.Device;
        device.RowEntropy(p.Storage, columns, weights, means.Storage, result.Storage);
        return Tape.Record(result, upstream => device.RowEntropyGradient(
            p.Storage, columns, weights, means.Storage, upstream.Storage, p.Slot.Target(out bool accumulate),
            accumulate));
    }
}
