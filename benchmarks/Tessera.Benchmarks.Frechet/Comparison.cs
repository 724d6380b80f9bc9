using Tessera.Analysis;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Priors;
using Tessera.Tokens;

namespace Tessera.Benchmarks.Frechet;

/// <summary>
/// Compares sets of images with test images, by their <see cref="Features"/>. The distance falls with the number of
/// images: both sets are as large.
/// </summary>
/// <param name="data">The folder of CIFAR-10.</param>
/// <param name="count">How many images a set has: at most 5,000, half of the test images.</param>
/// <param name="draws">How many sets the bootstrap draws.</param>
internal sealed class Comparison(string data, int count, int draws) : IDisposable
{
    private readonly Features _features = new();
    private readonly ImageSet _test = Cifar10.Load(data, Split.Test);
    private float[][] _reference = [];

    /// <summary>Writes a table of what tokenizers make of the first test images.</summary>
    public void OfReconstructions(IReadOnlyList<(string Path, Tokenizer Tokenizer)> runs)
    {
        Begin("| reconstructions of test images by | PSNR | Fréchet | kernel | classifier |\n|---|---|---|---|---|");
        Image[] images = _test.First(count);
        foreach ((string path, Tokenizer tokenizer) in runs)
        {
            Image[] reconstructions = [.. images.Select(tokenizer.Reconstruct)];
            double psnr = images
                .Zip(reconstructions, (image, other) => ImageMetrics.Psnr(Unit(image), Unit(other))).Average();
            string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
            Print($"{name} | {psnr:0.00}", reconstructions, Labels(_test, 0));
        }
    }

    /// <summary>Writes a table of test images, training images, reconstructions, and samples of each point.</summary>
    public void OfSamples(ImageSampler sampler, IReadOnlyList<SamplingOptions> points)
    {
        ImageSet train = Cifar10.Load(data, Split.Train);
        Begin("| set | Fréchet | kernel | classifier |\n|---|---|---|---|");
        Image[] images = _test.First(count);
        Print("test images", images, Labels(_test, 0));
        Print("training images", train.First(count), Labels(train, 0));
        Print(
            "reconstructions of test images", [.. images.Select(sampler.Tokenizer.Reconstruct)], Labels(_test, 0));
        int classes = Math.Max(sampler.Prior.Options.Classes.Count, 1);
        foreach (SamplingOptions point in points)
        {
            int[] drawn = [.. Enumerable.Range(0, count).Select(i => i % classes)];
            int[] codes = sampler.SampleCodes([.. drawn.Select(label => classes > 1 ? label : (int?)null)], point);
            Print(
                $"samples, guidance {point.Guidance}, top-p {point.TopP}, temperature {point.Temperature}",
                sampler.Decode(codes), drawn);
        }
    }

    public void Dispose() => _features.Dispose();

    private void Begin(string header)
    {
        _reference = _features.Of(_test.First(2 * count)[count..], "other test images");
        Console.WriteLine(
            $"{count} images against {count} other test images; ± is the bootstrap's standard deviation.\n\n{header}");
    }

    private void Print(string name, Image[] set, int[] labels)
    {
        float[][] of = _features.Of(set, name);
        double accuracy = Classifier.Accuracy(of, labels, _reference, Labels(_test, count));
        Console.WriteLine(
            $"| {name} | {Distances.Frechet(of, _reference):0.0} ± {Distances.Bootstrap(of, _reference, draws):0.0} "
            + $"| {Distances.Kernel(of, _reference):0.00} | {accuracy:P1} |");
    }

    private int[] Labels(ImageSet set, int first) => [.. Enumerable.Range(first, count).Select(set.Label)];

    private static float[] Unit(Image image) => Array.ConvertAll(image.Pixels, sample => sample / 255f);
}
