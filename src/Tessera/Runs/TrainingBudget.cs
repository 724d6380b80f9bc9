using System.Text.Json.Serialization;
using static System.FormattableString;
using static Tessera.InputException;

namespace Tessera.Runs;

/// <summary>
/// How long a run trains: a number of updates, a number of images or a time in minutes. Exactly one of the three is
/// set.
/// </summary>
/// <remarks>
/// With a time, the result is not a function of the options and the seed: the number of updates depends on the machine,
/// and with it the learning rate of each update under a cosine schedule.
/// </remarks>
/// <example><code>
/// TrainingOptions options = Preset.Default.Options with { Budget = TrainingBudget.OfMinutes(15) };
/// </code></example>
public sealed record TrainingBudget
{
    /// <summary>The largest value of <see cref="Minutes"/>: a century, which fits a TimeSpan.</summary>
    internal const double MostMinutes = 52_560_000;

    /// <summary>The total number of updates, at least 1; null if another limit is set.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Updates { get; init; }

    /// <summary>
    /// The total number of images drawn, at least 1; the last batch may exceed it. Null if not set.
    /// </summary>
    [JsonPropertyName("pictures"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Images { get; init; }

    /// <summary>
    /// The total time in minutes, above 0. It includes the evaluations and checkpoints during the run, but not the
    /// final evaluation. Null if not set.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Minutes { get; init; }

    /// <summary>A budget of updates.</summary>
    public static TrainingBudget OfUpdates(long updates) => new() { Updates = updates };

    /// <summary>A budget of images.</summary>
    public static TrainingBudget OfImages(long images) => new() { Images = images };

    /// <summary>A budget of minutes.</summary>
    public static TrainingBudget OfMinutes(double minutes) => new() { Minutes = minutes };

    /// <summary>The total number of updates at a batch size, rounded up; null for a budget of minutes.</summary>
    /// <param name="batch">Images per batch, at least 1.</param>
    public long? UpdatesFor(int batch) =>
        Images is { } images ? images / batch + (images % batch > 0 ? 1 : 0) : Updates;

    /// <summary>The part of the budget that is spent: from 0, at least 1 when the run is finished.</summary>
    /// <param name="updates">Updates made.</param>
    /// <param name="batch">Images per batch.</param>
    /// <param name="elapsed">Time spent; used by a budget of minutes only.</param>
    public double Spent(long updates, int batch, TimeSpan elapsed) =>
        UpdatesFor(batch) is { } all ? (double)updates / all : elapsed / TimeSpan.FromMinutes(Minutes!.Value);

    /// <summary>Checks that exactly one limit is set and within its range.</summary>
    /// <exception cref="InputException">None or several are set, or the value is out of range.</exception>
    public void Validate()
    {
        int given = (Updates is null ? 0 : 1) + (Images is null ? 0 : 1) + (Minutes is null ? 0 : 1);
        ThrowUnless(
            given == 1,
            "Budget",
            $"must be exactly one of {nameof(Updates)}, {nameof(Images)} and {nameof(Minutes)}, not {given} of them");
        ThrowUnless(Updates is null or >= 1, nameof(Updates), $"must be at least 1, not {Updates}");
        ThrowUnless(Images is null or >= 1, nameof(Images), $"must be at least 1, not {Images}");
        ThrowUnless(
            Minutes is null or (> 0 and <= MostMinutes),
            nameof(Minutes), $"must be above 0 and at most {MostMinutes}, not {Minutes}");
    }

    /// <summary>A text for people, such as "2000 updates".</summary>
    public override string ToString() =>
        Updates is { } updates ? Count(updates, "update")
        : Images is { } images ? Count(images, "image")
        : Count(Minutes, "minute");

    private static string Count<T>(T number, string unit) =>
        Invariant($"{number} {unit}{(number is 1L or 1.0 ? "" : "s")}");
}
