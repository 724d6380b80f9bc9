using System.Text.Json.Serialization;
using Tessera.Runs;

namespace Tessera.Training;

/// <summary>The JSON of <c>config.json</c>: indented, camel case, numbers in round-trip precision.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RunConfig<TrainingOptions>))]
internal sealed partial class TrainingJson : JsonSerializerContext;
