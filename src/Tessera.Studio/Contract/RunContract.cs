using System.Text.Json.Serialization;

namespace Tessera.Studio.Contract;

internal sealed record RunList(IReadOnlyList<RunAnswer> Runs, IReadOnlyList<FolderAnswer> Folders);

internal sealed record FolderAnswer(string Id, string Name, bool CanStart);

/// <summary>What trains in a folder.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunKind>))]
internal enum RunKind
{
    [JsonStringEnumMemberName("unknown")]
    Unknown,

    [JsonStringEnumMemberName("tokenizer")]
    Tokenizer,

    [JsonStringEnumMemberName("prior")]
    Prior,

    [JsonStringEnumMemberName("classifier")]
    Classifier,
}

[JsonConverter(typeof(JsonStringEnumConverter<RunCondition>))]
internal enum RunCondition
{
    [JsonStringEnumMemberName("running")]
    Running,

    [JsonStringEnumMemberName("finished")]
    Finished,

    [JsonStringEnumMemberName("stopped")]
    Stopped,

    [JsonStringEnumMemberName("damaged")]
    Damaged,
}

/// <summary>A row of <c>eval.csv</c>.</summary>
internal sealed record EvaluationAnswer(long Update, IReadOnlyDictionary<string, double?> Values);

internal sealed record RunAnswer
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Folder { get; init; }

    public required string Path { get; init; }

    public RunKind Kind { get; init; }

    public RunCondition State { get; init; }

    public string? Message { get; init; }

    public string? Data { get; init; }

    public string? Size { get; init; }

    public string? Quantizer { get; init; }

    public int? Codes { get; init; }

    public long? Update { get; init; }

    public long? Updates { get; init; }

    public double? Fraction { get; init; }

    public double? ImagesPerSecond { get; init; }

    public double? SecondsSpent { get; init; }

    public double? SecondsLeft { get; init; }

    public EvaluationAnswer? Evaluation { get; init; }

    public double? TestError { get; init; }

    public string? TestErrorName { get; init; }

    public double? CodesUsed { get; init; }

    public string? ModelVersion { get; init; }

    public string? Thumbnail { get; init; }

    public string? Parent { get; init; }

    public string? Prior { get; init; }

    public bool IsBuiltIn { get; init; }

    public bool CanStop { get; init; }

    public bool CanResume { get; init; }

    public bool CanLengthen { get; init; }

    public DateTime? Changed { get; init; }
}

internal sealed record OptionAnswer(
    string Name, string Label, string Help, string Group, string? Value, string? Default, bool IsSet);

internal sealed record ColumnsAnswer(
    IReadOnlyList<string> Series, IReadOnlyList<string> Metrics, IReadOnlyList<string> Evaluation);

internal sealed record RunDetails(
    RunAnswer Run, IReadOnlyList<OptionAnswer> Options, string? Command, ColumnsAnswer Columns,
    IReadOnlyList<long> Snapshots, string? Log);

internal sealed record ResumeRequest(IReadOnlyDictionary<string, string> Values);
