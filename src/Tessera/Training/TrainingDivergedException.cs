namespace Tessera.Training;

/// <summary>The loss of an update was not a finite number. Checkpoints from before it are untouched.</summary>
/// <param name="update">The update, from 1.</param>
/// <param name="loss">The loss.</param>
public sealed class TrainingDivergedException(long update, float loss) : Exception(
    FormattableString.Invariant($"the loss of update {update} is {loss}; try a smaller learning rate"))
{
    /// <summary>The update whose loss it was, from 1.</summary>
    public long Update { get; } = update;
}
