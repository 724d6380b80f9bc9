using System.Text.Json.Serialization;

namespace Tessera.Studio.Contract;

internal sealed record FormAnswer(
    RunKind Kind, IReadOnlyList<RunKind> Kinds, IReadOnlyList<PresetAnswer> Presets, IReadOnlyList<FormFolder> Folders,
    IReadOnlyList<FormChoice> Runs, IReadOnlyList<string> Groups, IReadOnlyList<FormSetting> Settings);

internal sealed record PresetAnswer(string Name, string Summary);

internal sealed record FormFolder(string Id, string Name);

internal sealed record FormSetting(
    string Name, string Label, string Group, string Kind, string Help, IReadOnlyList<FormChoice>? Choices,
    bool CanResume, IReadOnlyDictionary<string, string?> Defaults);

internal sealed record FormChoice(string Value, string Label);

/// <summary>A run to start.</summary>
internal sealed record StartRequest(
    IReadOnlyDictionary<string, string> Values, RunKind Kind = RunKind.Tokenizer, string? Run = null,
    string? Folder = null, string? Name = null, string? Preset = null);

internal sealed record CheckAnswer(
    string? Error, string? Option, string? Name, string? Command, IReadOnlyDictionary<string, string?>? Values);

[JsonConverter(typeof(JsonStringEnumConverter<LaunchState>))]
internal enum LaunchState
{
    [JsonStringEnumMemberName("starting")]
    Starting,

    [JsonStringEnumMemberName("running")]
    Running,

    [JsonStringEnumMemberName("ended")]
    Ended,
}

internal sealed record LaunchAnswer(
    string Id, string Run, LaunchState State, string Command, int? ExitCode, string Log);
