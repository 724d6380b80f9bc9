namespace Tessera.Studio.Contract;

internal sealed record SeriesAnswer(
    long First, long Last, long From, long To, int PerBucket, long[] Updates,
    IReadOnlyDictionary<string, SeriesColumn> Columns);

internal sealed record SeriesColumn(float?[] Min, float?[] Max, float?[] Mean, float?[]? Smooth);

/// <summary>Rows of a table; the column <c>update</c> is first.</summary>
internal sealed record TableAnswer(IReadOnlyDictionary<string, double?[]> Columns);

internal sealed record TruncatedAnswer(long Last);

internal sealed record SnapshotsAnswer(
    IReadOnlyList<long> Updates, int? Height, int? Width, int? Count, string? Original);

internal sealed record NewSnapshotsAnswer(IReadOnlyList<long> Updates);

internal sealed record SnapshotCodesAnswer(long Update, int Images, int Codes, int Codebooks, int[] Counts);
