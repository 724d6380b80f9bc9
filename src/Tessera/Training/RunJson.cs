using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tessera.Files;

namespace Tessera.Training;

/// <summary>The contents of <c>config.json</c>: the version that wrote it and every option.</summary>
internal sealed record RunConfig(string Version, TrainingOptions Options);

/// <summary>The JSON of a run folder: indented, camel case, numbers in round-trip precision.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RunConfig))]
[JsonSerializable(typeof(TrainingState))]
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
        // NotSupportedException: a polymorphic object lacks its "type".
        catch (Exception e) when (e is JsonException or NotSupportedException)
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
