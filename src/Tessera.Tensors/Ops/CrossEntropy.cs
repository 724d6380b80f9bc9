using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The mean cross-entropy of n rows of logits with their targets t, in nats (PyTorch's <c>cross_entropy</c>):
    /// <c>L = sum over i of (log of sum over k of exp(x[i,k]) - x[i,t[i]]) / n</c>.
    /// Backward: <c>dx[i,k] = dL / n * (softmax(x[i])[k] - [k = t[i]])</c>.
    /// </summary>
    /// <param name="logits">Any shape with the classes innermost.</param>
    /// <param name="targets">The shape of the logits without the classes.</param>
    /// <param name="losses">
    /// Receives the cross-entropy of each row, with the shape of the targets; null if only the mean is of interest.
    /// </param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, or a target may be no class.</exception>
    public static Tensor CrossEntropy(this Tensor logits, Indices targets, Tensor? losses = null)
    {
        int columns = logits.Shape.Last, rows = targets.Shape.Length;
        if (targets.Shape != logits.Shape.WithoutLast())
            throw new ArgumentException($"targets {targets.Shape} do not fit logits {logits.Shape}");
        CheckLimit(targets, columns);
        if (losses is not null) CheckShape(losses, targets.Shape);
        Tensor loss = Tape.Result([], targets, logits);
        Tensor logSums = Tape.Result([rows], logits), each = losses ?? Tape.Result([rows], logits);
        Device device = loss.Device;
        device.CrossEntropy(logits.Storage, columns, targets.Storage, each.Storage, logSums.Storage);
        device.ColumnSums(each.Storage, rows, 1, loss.Storage, accumulate: false);
        device.Scale(loss.Storage, 1f / rows, loss.Storage, accumulate: false);
        if (loss.Tape is null)
        {
            logSums.Dispose();
            if (each != losses) each.Dispose();
        }
        return Tape.Record(loss, gradLoss => device.CrossEntropyGradient(
            logits.Storage, columns, targets.Storage, logSums.Storage, gradLoss.Storage,
            logits.Slot.Target(out bool accumulate), accumulate));
    }
}
