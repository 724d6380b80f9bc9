using System.Text.Json.Serialization;

namespace Tessera.Runs;

/// <summary>
/// The state of a run beside its tensors: <c>state.json</c> of a checkpoint. The random numbers and the batch of the
/// next update follow from the seed and the position in the data. No clock time is stored, except for a budget of
/// minutes, so that equal runs write equal bytes.
/// </summary>
/// <param name="Update">Updates made.</param>
/// <param name="Images">Images drawn: the position in the endless sequence of epochs.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="OptimizerSteps">The number of optimizer steps: Adam's t.</param>
/// <param name="LastEvaluation">The last update that was evaluated; 0 before the first.</param>
/// <param name="Window">What was measured since the last row of <c>metrics.csv</c>.</param>
internal sealed record RunState(
    long Update, [property: JsonPropertyName("pictures")] long Images, ulong Seed, long OptimizerSteps,
    long LastEvaluation, MetricsWindow Window)
{
    /// <summary>The seconds spent, for a budget of minutes; null for other budgets.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Seconds { get; init; }
}
