using System.Text.Json.Serialization;

namespace Tessera.Training;

/// <summary>
/// What a run knows beside its tensors: <c>state.json</c> of a checkpoint. The random numbers and the pictures of the
/// next update follow from the seed and the position in the data, so there is no more to know; and nothing of the clock
/// is here, but for a budget of time, so that the same run writes the same bytes.
/// </summary>
/// <param name="Update">Updates made.</param>
/// <param name="Pictures">Pictures drawn: the position in the endless sequence of epochs.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="OptimizerSteps">The optimizer's t.</param>
/// <param name="LastEvaluation">The last update that was evaluated; 0 before the first.</param>
/// <param name="Window">What the next row of <c>metrics.csv</c> has so far.</param>
public sealed record TrainingState(
    long Update, long Pictures, ulong Seed, long OptimizerSteps, long LastEvaluation, MetricsWindow Window)
{
    /// <summary>Seconds that were spent of a budget of time; null for another budget.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Seconds { get; init; }
}
