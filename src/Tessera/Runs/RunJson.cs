using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tessera.Files;

namespace Tessera.Runs;

/// <summary>The JSON of a run's state, and how JSON files of a run folder are read.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true, Converters = [typeof(MetricsWindowConverter)])]
[JsonSerializable(typeof(RunState))]
internal sealed partial class RunJson : JsonSerializerContext
{
    /// <summary>Reads a JSON file of a run folder.</summary>
    /// <exception cref="InputException">The file is missing, unreadable or damaged.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, type) ?? throw new JsonException("it is empty");
        }
        // NotSupportedException: a polymorphic object lacks its "type". The others: a number of another kind.
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException
            or FormatException)
        {
            string reason = e.Message.ReplaceLineEndings(" ").TrimEnd('.');
            throw new InputException($"{path} is damaged ({reason}); fix it or restore a copy", e);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }
}
