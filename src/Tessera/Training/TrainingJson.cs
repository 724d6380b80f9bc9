using System.Text.Json.Serialization;

namespace Tessera.Training;

/// <summary>The contents of <c>config.json</c>: the version that wrote it and every option.</summary>
internal sealed record RunConfig(string Version, TrainingOptions Options);

/// <summary>The JSON of <c>config.json</c>: indented, camel case, numbers in round-trip precision.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RunConfig))]
internal sealed partial class TrainingJson : JsonSerializerContext;
