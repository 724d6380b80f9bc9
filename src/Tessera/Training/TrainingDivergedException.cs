namespace Tessera.Training;

/// <summary>
/// An update gave numbers that are not finite: its loss, the weights it left, or their evaluation. Checkpoints from before
/// it are untouched.
/// </summary>
/// <param name="update">The update, from 1.</param>
/// <param name="finding">What was found.</param>
public sealed class TrainingDivergedException(long update, FormattableString finding) : Exception(
    FormattableString.Invariant($"{FormattableString.Invariant(finding)}; try a smaller learning rate"))
{
    /// <summary>The update, from 1.</summary>
    public long Update { get; } = update;
}
