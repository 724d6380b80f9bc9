using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Puts a batch of sequences on a tape, as inputs and targets of a model that predicts the next element: targets i
    /// are the sequence <c>numbers[i]</c>; inputs i are <c>firsts[i]</c>, then all but the sequence's last element.
    /// </summary>
    /// <param name="tape">The tape.</param>
    /// <param name="sequences">n sequences in the device's memory, <c>[n, length]</c>.</param>
    /// <param name="numbers">The sequence of each element of the batch, 0 to n - 1: <c>[batch]</c>.</param>
    /// <param name="firsts">The first input of each: <c>[batch]</c>.</param>
    /// <returns>Both <c>[batch, length]</c>; the targets have the limit of the sequences.</returns>
    /// <exception cref="ArgumentException">
    /// The shapes do not fit together, a number may be n or more, or the devices differ.
    /// </exception>
    public static (Indices Inputs, Indices Targets) GatherSequences(
        this Tape tape, Indices sequences, Indices numbers, Indices firsts)
    {
        if (sequences.Shape.Rank != 2 || numbers.Shape.Rank != 1 || numbers.Shape != firsts.Shape)
            throw new ArgumentException(
                $"sequences {sequences.Shape}, numbers {numbers.Shape} and firsts {firsts.Shape} do not fit together");
        CheckLimit(numbers, sequences.Shape[0]);
        if (numbers.Device != tape.Device || firsts.Device != tape.Device || sequences.Device != tape.Device)
            throw new ArgumentException("the tape is of another device than the indices");
        Shape shape = [numbers.Shape.Length, sequences.Shape[1]];
        Indices inputs = tape.Allocate(shape, Math.Max(sequences.Limit, firsts.Limit));
        Indices targets = tape.Allocate(shape, sequences.Limit);
        tape.Device.GatherSequences(
            sequences.Storage, shape[1], numbers.Storage, firsts.Storage, inputs.Storage, targets.Storage);
        return (inputs, targets);
    }
}
