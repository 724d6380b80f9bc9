namespace Tessera.Studio.Contract;

internal sealed record CompareAnswer(
    RunAnswer A, RunAnswer B, IReadOnlyList<DifferentOption> Options, IReadOnlyList<DifferentValue> Evaluations);

internal sealed record DifferentOption(string Name, string Label, string? A, string? B);

internal sealed record DifferentValue(string Name, double? A, double? B);

internal sealed record ComparedImages(
    int Height, int Width, string Name, string Split, int Count, double LargestError,
    IReadOnlyList<ComparedImage> Images);

internal sealed record ComparedImage(
    int Number, string? Label, byte[] Original, ComparedReconstruction A, ComparedReconstruction B);

internal sealed record ComparedReconstruction(byte[] Image, byte[] Error, double? Psnr, double Mse);
