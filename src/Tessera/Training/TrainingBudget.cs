using System.Text.Json.Serialization;
using static System.FormattableString;
using static Tessera.InputException;

namespace Tessera.Training;

/// <summary>
/// How long a run trains: until so many updates are made, so many pictures drawn, or so much time has passed. Just one of
/// the three is given.
/// </summary>
/// <remarks>
/// A run that ends with the time is the one thing here that is not a function of its options and its seed alone: how far it
/// gets depends on the machine, and so does the schedule that ends with it.
/// </remarks>
/// <example><code>
/// TrainingOptions options = Preset.Default.Options with { Budget = TrainingBudget.OfMinutes(15) };
/// </code></example>
public sealed record TrainingBudget
{
    /// <summary>A century, which a TimeSpan can hold.</summary>
    internal const double MostMinutes = 52_560_000;

    /// <summary>Updates to make in all, at least 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Updates { get; init; }

    /// <summary>Pictures to draw in all, at least 1; the last batch may go beyond.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Pictures { get; init; }

    /// <summary>
    /// Minutes to train in all, above 0: with the evaluations and checkpoints on the way, without the evaluation at the end.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Minutes { get; init; }

    /// <summary>A number of updates.</summary>
    public static TrainingBudget OfUpdates(long updates) => new() { Updates = updates };

    /// <summary>A number of pictures.</summary>
    public static TrainingBudget OfPictures(long pictures) => new() { Pictures = pictures };

    /// <summary>A time.</summary>
    public static TrainingBudget OfMinutes(double minutes) => new() { Minutes = minutes };

    /// <summary>Updates that the budget allows with batches of a size; null where it is the time that ends the run.</summary>
    public long? UpdatesFor(int batch) => Pictures is { } pictures ? pictures / batch + (pictures % batch > 0 ? 1 : 0) : Updates;

    /// <summary>The part of the budget that is spent, from 0; 1 and above when the run is finished.</summary>
    /// <param name="updates">Updates made.</param>
    /// <param name="batch">Pictures in a batch.</param>
    /// <param name="elapsed">Time spent.</param>
    public double Spent(long updates, int batch, TimeSpan elapsed) =>
        UpdatesFor(batch) is { } all ? (double)updates / all : elapsed / TimeSpan.FromMinutes(Minutes!.Value);

    /// <summary>Checks that just one is given, and its value.</summary>
    /// <exception cref="InputException">A value is out of its range; the message names it.</exception>
    public void Validate()
    {
        int given = (Updates is null ? 0 : 1) + (Pictures is null ? 0 : 1) + (Minutes is null ? 0 : 1);
        ThrowUnless(given == 1, $"budget must be one of updates, pictures and minutes, not {given} of them");
        ThrowUnless(Updates is null or >= 1, $"updates must be at least 1, not {Updates}");
        ThrowUnless(Pictures is null or >= 1, $"pictures must be at least 1, not {Pictures}");
        ThrowUnless(Minutes is null or (> 0 and <= MostMinutes), $"minutes must be above 0 and at most {MostMinutes}, not {Minutes}");
    }

    /// <summary>For people: "2000 updates".</summary>
    public override string ToString() =>
        Updates is { } updates ? Invariant($"{updates} updates")
        : Pictures is { } pictures ? Invariant($"{pictures} pictures")
        : Invariant($"{Minutes} minutes");
}
