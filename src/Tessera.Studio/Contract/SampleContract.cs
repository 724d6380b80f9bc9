namespace Tessera.Studio.Contract;

/// <summary>Images to draw.</summary>
internal sealed record SampleRequest(
    int Count, string? Class = null, float Guidance = 1, float TopP = 1, int TopK = 0, float Temperature = 1,
    ulong? Seed = null, long First = 0, KeepRequest? Keep = null);

internal sealed record KeepRequest(int[] Codes, bool[] Cells);

internal sealed record SampleAnswer(string Id, int Count, int Rows, int Columns, int PerCell, ulong Seed);

internal sealed record DrawnAnswer(int From, int To, int[][] Codes, float[][] Nats);

internal sealed record DrawnImageAnswer(int To, byte[] Image);

internal sealed record DoneAnswer(int[][] Codes, float[][] Nats, double[] Means, byte[][] Images);

internal sealed record FailedAnswer(string Error);
