using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tessera.Runs;

/// <summary>
/// The JSON of a <see cref="MetricsWindow"/>: the number of updates, and the sums by the measures' names. It also reads
/// the former form, <c>{"updates": 7, "reconErrorSum": 1.5, ...}</c>.
/// </summary>
internal sealed class MetricsWindowConverter : JsonConverter<MetricsWindow>
{
    private const string UpdatesName = "updates", SumsName = "sums";

    private static readonly Dictionary<string, string> OldNames = new()
    {
        ["reconErrorSum"] = "recon_error",
        ["perplexitySum"] = "perplexity",
        ["vqLossSum"] = "vq_loss",
        ["revived"] = "revived",
    };

    public override MetricsWindow Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        long updates = 0;
        var sums = new Dictionary<string, double>();
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            if (property.Name == UpdatesName) updates = property.Value.GetInt64();
            else if (OldNames.TryGetValue(property.Name, out string? name)) sums[name] = property.Value.GetDouble();
            else if (property.Name == SumsName)
                foreach (JsonProperty sum in property.Value.EnumerateObject()) sums[sum.Name] = sum.Value.GetDouble();
            else throw new JsonException($"the window has an unknown property \"{property.Name}\"");
        }
        return new MetricsWindow(updates, sums, last: []);
    }

    public override void Write(Utf8JsonWriter writer, MetricsWindow value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteNumber(UpdatesName, value.Updates);
        writer.WriteStartObject(SumsName);
        foreach ((string name, double sum) in value.Sums) writer.WriteNumber(name, sum);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
