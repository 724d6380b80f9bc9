using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tessera.Quantization;

/// <summary>The initialization of the running averages of an <see cref="EmaVectorQuantizer"/>.</summary>
[JsonConverter(typeof(EmaStartConverter))]
public enum EmaStart
{
    /// <summary>
    /// As in the reference notebook: sizes 0, and standard normal sums that are unrelated to the codebook. The first
    /// update divides the sums of unused codes by almost zero, which moves these codes about 100,000 times too far
    /// away. A few codes then serve all vectors until the averages recover.
    /// </summary>
    Reference,

    /// <summary>
    /// As if each code had been chosen by one vector equal to it: sizes 1, sums equal to the codebook. Unused codes
    /// stay where they are.
    /// </summary>
    Codebook,
}

/// <summary>Reads "Seed" too, the name of <see cref="EmaStart.Reference"/> in older files.</summary>
internal sealed class EmaStartConverter : JsonConverter<EmaStart>
{
    private const string FormerReference = "Seed";

    public override EmaStart Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? name = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        if (string.Equals(name, FormerReference, StringComparison.OrdinalIgnoreCase)) return EmaStart.Reference;
        foreach (EmaStart start in Enum.GetValues<EmaStart>())
        {
            if (string.Equals(name, start.ToString(), StringComparison.OrdinalIgnoreCase)) return start;
        }
        string names = string.Join(", ", Enum.GetNames<EmaStart>());
        throw new JsonException($"the start of running averages is one of {names}");
    }

    public override void Write(Utf8JsonWriter writer, EmaStart value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
