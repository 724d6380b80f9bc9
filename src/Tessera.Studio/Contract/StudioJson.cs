using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tessera.Studio.Contract;

/// <summary>
/// The JSON of the API (docs/studio-api.md), written without reflection so that the program can be trimmed.
/// </summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    NumberHandling = JsonNumberHandling.Strict, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(ProgressAnswer))]
[JsonSerializable(typeof(SessionAnswer))]
[JsonSerializable(typeof(SessionRequest))]
[JsonSerializable(typeof(RunList))]
[JsonSerializable(typeof(RunDetails))]
[JsonSerializable(typeof(ResumeRequest))]
[JsonSerializable(typeof(FormAnswer))]
[JsonSerializable(typeof(StartRequest))]
[JsonSerializable(typeof(CheckAnswer))]
[JsonSerializable(typeof(LaunchAnswer))]
[JsonSerializable(typeof(ModelAnswer))]
[JsonSerializable(typeof(WeightsAnswer))]
[JsonSerializable(typeof(ImagesAnswer))]
[JsonSerializable(typeof(ImageRequest))]
[JsonSerializable(typeof(EncodedAnswer))]
[JsonSerializable(typeof(CodesRequest))]
[JsonSerializable(typeof(ExportRequest))]
[JsonSerializable(typeof(CodesFile))]
[JsonSerializable(typeof(LikelyRequest))]
[JsonSerializable(typeof(LikelyAnswer))]
[JsonSerializable(typeof(NatsRequest))]
[JsonSerializable(typeof(NatsAnswer))]
[JsonSerializable(typeof(InterpolateRequest))]
[JsonSerializable(typeof(InterpolateAnswer))]
[JsonSerializable(typeof(AtlasAnswer))]
[JsonSerializable(typeof(CountsAnswer))]
[JsonSerializable(typeof(LikeAnswer))]
[JsonSerializable(typeof(MapAnswer))]
[JsonSerializable(typeof(CodeAnswer))]
[JsonSerializable(typeof(InfluenceAnswer))]
[JsonSerializable(typeof(SeriesAnswer))]
[JsonSerializable(typeof(TableAnswer))]
[JsonSerializable(typeof(TruncatedAnswer))]
[JsonSerializable(typeof(SnapshotsAnswer))]
[JsonSerializable(typeof(NewSnapshotsAnswer))]
[JsonSerializable(typeof(SnapshotCodesAnswer))]
[JsonSerializable(typeof(SampleRequest))]
[JsonSerializable(typeof(SampleAnswer))]
[JsonSerializable(typeof(DrawnAnswer))]
[JsonSerializable(typeof(DrawnImageAnswer))]
[JsonSerializable(typeof(DoneAnswer))]
[JsonSerializable(typeof(FailedAnswer))]
[JsonSerializable(typeof(CompareAnswer))]
[JsonSerializable(typeof(ComparedImages))]
[JsonSerializable(typeof(NothingAnswer))]
internal sealed partial class StudioJson : JsonSerializerContext
{
    /// <summary>Makes the server read and write as this context does.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.TypeInfoResolverChain.Insert(0, Default);
        options.UnmappedMemberHandling = Default.Options.UnmappedMemberHandling;
        options.RespectNullableAnnotations = Default.Options.RespectNullableAnnotations;
        options.RespectRequiredConstructorParameters = Default.Options.RespectRequiredConstructorParameters;
        options.NumberHandling = Default.Options.NumberHandling;
    }
}

/// <summary>An error.</summary>
internal sealed record ErrorAnswer(string Error, string? Option);

/// <summary>Work that is not done yet.</summary>
internal sealed record ProgressAnswer(string Stage, double Fraction);

/// <summary>An event or answer without content.</summary>
internal sealed record NothingAnswer;

internal sealed record SessionAnswer(bool NeedsToken, bool IsOpen, string Version);

internal sealed record SessionRequest(string Token);
