using System.Text.Json.Serialization;
using Tessera.Runs;

namespace Tessera.Features;

/// <summary>The JSON of a classifier's <c>config.json</c> and of the layers in a model file.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RunConfig<ClassifierOptions>))]
[JsonSerializable(typeof(FeatureLayer[]))]
internal sealed partial class FeatureJson : JsonSerializerContext;
