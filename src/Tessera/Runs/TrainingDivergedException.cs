namespace Tessera.Runs;

/// <summary>
/// Training produced numbers that are not finite: a loss, a gradient norm, a weight or an evaluation. Earlier
/// checkpoints are intact.
/// </summary>
/// <param name="update">The number of the update, from 1.</param>
/// <param name="finding">What was found, as the start of the message.</param>
public sealed class TrainingDivergedException(long update, FormattableString finding) : Exception(
    FormattableString.Invariant($"{FormattableString.Invariant(finding)}; try a smaller learning rate"))
{
    /// <summary>The number of the update, from 1.</summary>
    public long Update { get; } = update;
}
