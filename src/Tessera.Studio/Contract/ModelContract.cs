namespace Tessera.Studio.Contract;

internal sealed record ModelAnswer(
    string Id, string ModelVersion, string Weights, long? Update, long Parameters, int Channels, int Height, int Width,
    int PixelsPerCode, int Rows, int Columns, string Quantizer, int Codes, int CodeDim, int PerCell, int Codebooks,
    IReadOnlyList<int> CodebookOf, IReadOnlyList<string> CodebookNames, bool HasTop, PriorAnswer? Prior,
    string? PriorMessage);

/// <summary>The runs that have some weights.</summary>
internal sealed record WeightsAnswer(IReadOnlyList<string> Runs);

internal sealed record PriorAnswer(
    string Id, IReadOnlyList<string> Classes, int Rows, int Columns, double? Nats, double UniformNats);

internal sealed record ImagesAnswer(
    string Name, string Split, int Count, int Height, int Width, IReadOnlyList<string> Classes);

// Defaults are those of constructors: the generated reader sets other members to nothing where they are missing.

/// <summary>An image of a split.</summary>
internal sealed record ImageRequest(int Number, string Split = "test");

internal sealed record EncodedAnswer(
    string ModelVersion, string Name, string? Label, int Rows, int Columns, int[] Codes, byte[]? Original,
    byte[] Reconstruction, double? Psnr, bool Scaled);

/// <summary>The codes of images of one size.</summary>
internal record CodesRequest(int Rows, int Columns, int[] Codes, int Images = 1);

internal sealed record ExportRequest(int Rows, int Columns, int[] Codes, string Format, int Images = 1)
    : CodesRequest(Rows, Columns, Codes, Images);

/// <summary>A file of exported codes.</summary>
internal sealed record CodesFile(
    int Rows, int Columns, int[] Codes, int PerCell = 1, string? ModelVersion = null);

internal sealed record LikelyRequest(int[] Codes, int Place, string? Class = null, int Count = 64);

internal sealed record LikelyAnswer(int[] Codes, double[] Probabilities, LikelyCode Current);

internal sealed record LikelyCode(int Code, int Rank, double Probability);

internal sealed record NatsRequest(int[] Codes, string? Class = null);

internal sealed record NatsAnswer(float[] Nats, double Mean);

internal sealed record InterpolateRequest(
    int Rows, int Columns, int[] From, int[] To, int Steps = 9, string Space = "latents");

internal sealed record InterpolateAnswer(IReadOnlyList<FrameAnswer> Frames);

internal sealed record FrameAnswer(double T, int[]? Codes, byte[] Image);

internal sealed record AtlasAnswer(
    string ModelVersion, int Tile, int Own, int TilesPerRow, int Rows, string Url, int[] Numbers, string[] Colors);

internal sealed record CountsAnswer(string ModelVersion, long[] Counts, int Images, string Split);

internal sealed record LikeAnswer(int[] Numbers, double[] Distances);

internal sealed record MapAnswer(
    string ModelVersion, int[] Numbers, double[][]? Umap, double[][] Pca, double[] PcaVariance);

internal sealed record CodeAnswer(
    int Number, int Codebook, int Code, long Count, double Share, int Rank, string? Color, double Norm,
    IReadOnlyList<NeighbourAnswer> Neighbours, int Patch, int Images, string Split, IReadOnlyList<UseAnswer> Uses);

internal sealed record NeighbourAnswer(int Number, double Distance);

internal sealed record UseAnswer(int Image, int Row, int Column, string? Label);

internal sealed record InfluenceAnswer(
    int Side, int Cell, float[] Change, int Samples, double Radius50, double Radius90);
