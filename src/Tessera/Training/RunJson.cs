using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tessera.Files;

namespace Tessera.Training;

/// <summary><c>config.json</c>: every option and the version that wrote it.</summary>
internal sealed record RunConfig(string Version, TrainingOptions Options);

/// <summary>The JSON of a run folder: indented, camel case, numbers that read back as they were.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RunConfig))]
[JsonSerializable(typeof(TrainingState))]
internal sealed partial class RunJson : JsonSerializerContext
{
    /// <summary>Reads a JSON file of a run folder.</summary>
    /// <exception cref="InputException">It is missing, unreadable or damaged.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, type) ?? throw new JsonException("it is empty");
        }
        // NotSupportedException: what may be of several types has no "type".
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InputException($"{path} is damaged; mend it or bring back a copy ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')})", e);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }
}
