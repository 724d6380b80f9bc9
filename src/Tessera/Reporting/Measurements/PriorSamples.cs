using Tessera.Imaging;
using Tessera.Priors;

namespace Tessera.Reporting.Measurements;

/// <summary>Images drawn together.</summary>
/// <param name="Class">The name of their class; null for any.</param>
/// <param name="Options">How they were drawn.</param>
/// <param name="Codes">Their codes, <c>[images, rows, columns]</c>.</param>
/// <param name="Images">The images.</param>
internal sealed record DrawnImages(string? Class, SamplingOptions Options, int[] Codes, IReadOnlyList<Image> Images);

/// <summary>Images drawn from a prior.</summary>
/// <param name="OfClasses">Images of each class with the program's options.</param>
/// <param name="OfOptions">The first images of the first class at each temperature and guidance, in this order.</param>
internal sealed record PriorSamples(IReadOnlyList<DrawnImages> OfClasses, IReadOnlyList<DrawnImages> OfOptions)
{
    /// <summary>The most classes that are drawn.</summary>
    public const int MostClasses = 20;

    private const int PerClass = 8, WithoutClasses = 32;

    private static readonly float[] Temperatures = [0.8f, 1, 1.2f], Strengths = [0, 1, 2];

    /// <summary>How images are drawn with the program's options; guidance needs classes.</summary>
    public static SamplingOptions Usual(CodePriorOptions prior) => SamplingOptions.Default with
    {
        Guidance = prior.Classes.Count > 0 ? SamplingOptions.Default.Guidance : 0,
        Seed = 1,
    };

    /// <summary>Draws the images.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static PriorSamples Draw(
        ImageSampler sampler, IProgress<double> progress, CancellationToken cancellation)
    {
        CodePriorOptions prior = sampler.Prior.Options;
        SamplingOptions usual = Usual(prior);
        int classes = Math.Min(prior.Classes.Count, MostClasses);
        SamplingOptions[] others =
        [
            .. Temperatures.SelectMany(
                temperature => (classes > 0 ? Strengths : [0]).Select(
                    strength => usual with { Temperature = temperature, Guidance = strength })),
        ];
        int passes = 1 + others.Length, pass = 0;
        int?[] labels = classes == 0
            ? new int?[WithoutClasses]
            : [.. Enumerable.Range(0, classes * PerClass).Select(i => (int?)(i / PerClass))];
        int[] codes = Codes(labels, usual);
        DrawnImages[] ofClasses = classes == 0
            ? [Decode(null, usual, codes)]
            : [.. codes.Chunk(PerClass * prior.Length).Select((own, i) => Decode(prior.Classes[i], usual, own))];
        return new PriorSamples(
            ofClasses,
            [.. others.Select(options => Decode(ofClasses[0].Class, options, Codes(labels[..PerClass], options)))]);

        int[] Codes(int?[] labels, SamplingOptions options)
        {
            int done = pass++;
            return sampler.SampleCodes(
                labels, options, cancellation: cancellation,
                progress: new ImmediateProgress<double>(part => progress.Report((done + part) / passes)));
        }

        DrawnImages Decode(string? name, SamplingOptions options, int[] codes) =>
            new(name, options, codes, sampler.Decode(codes));
    }
}
