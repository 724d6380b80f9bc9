using System.Text.Json.Serialization;
using Tessera.Runs;

namespace Tessera.Priors;

/// <summary>The JSON of a prior's <c>config.json</c> and of its sizes in a model file.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RunConfig<PriorOptions>))]
internal sealed partial class PriorJson : JsonSerializerContext;
