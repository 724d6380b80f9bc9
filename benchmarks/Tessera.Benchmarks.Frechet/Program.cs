using System.Globalization;
using Tessera.Analysis;
using Tessera.Benchmarks.Frechet;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Priors;
using Tessera.Tokens;

// How far sets of images are from test images, by the features of a ResNet-18. Not the literature's FID, which uses
// another network and 50,000 images.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is not [var run, ..])
{
    Console.Error.WriteLine("""
        usage: Tessera.Benchmarks.Frechet RUN [--prior DIR] [--data-dir DIR] [--count 1500] [--draws 10] [G,P,T ...]
               RUN is a tokenizer's run on CIFAR-10 with a prior; each G,P,T is a guidance, a top-p and a temperature
           or: Tessera.Benchmarks.Frechet reconstructions RUN ... [--data-dir DIR] [--count 1500] [--draws 10]
               each RUN is a tokenizer's run on CIFAR-10; its reconstructions alone are compared
        """);
    return 2;
}
string? Value(string name) => args.SkipWhile(argument => argument != name).Skip(1).FirstOrDefault();
int count = int.Parse(Value("--count") ?? "1500"), draws = int.Parse(Value("--draws") ?? "10");
// The distance falls with the number of images: both sets are as large, and CIFAR-10 has 10,000 test images.
ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 5000);
float[][] grid =
[
    .. args.Skip(1).Where(argument => argument.Count(letter => letter == ',') == 2)
        .Select(point => point.Split(',').Select(float.Parse).ToArray()),
];

string data = Cifar10.Find(Value("--data-dir")).Folder ?? throw new InvalidOperationException("CIFAR-10 was not found");
ImageSet train = Cifar10.Load(data, Split.Train), test = Cifar10.Load(data, Split.Test);
Image[] images = test.First(2 * count);
int[] labels = [.. Enumerable.Range(0, 2 * count).Select(test.Label)];
using var features = new Features();
float[][] reference = features.Of(images[count..], "other test images");
int[] referenceLabels = labels[count..];

Console.WriteLine($"{count} images against {count} other test images; ± is the bootstrap's standard deviation.\n");
if (run == "reconstructions")
{
    Console.WriteLine("| reconstructions of test images by | PSNR | Fréchet | kernel | classifier |");
    Console.WriteLine("|---|---|---|---|---|");
    foreach (string path in args.Skip(1).TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal)))
    {
        using Tokenizer tokenizer = Tokenizer.Open(path);
        Image[] reconstructions = [.. images[..count].Select(tokenizer.Reconstruct)];
        double psnr = images[..count]
            .Zip(reconstructions, (image, other) => ImageMetrics.Psnr(Unit(image), Unit(other))).Average();
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        Print($"{name} | {psnr:0.00}", reconstructions, labels[..count]);
    }
    return 0;
}
using var sampler = ImageSampler.Open(run, Value("--prior"));
Console.WriteLine("| set | Fréchet | kernel | classifier |");
Console.WriteLine("|---|---|---|---|");
Print("test images", images[..count], labels[..count]);
Print("training images", train.First(count), [.. Enumerable.Range(0, count).Select(train.Label)]);
Print("reconstructions of test images", [.. images[..count].Select(sampler.Tokenizer.Reconstruct)], labels[..count]);
int classes = Math.Max(sampler.Prior.Options.Classes.Count, 1);
foreach (float[] point in grid)
{
    var options = new SamplingOptions { Guidance = point[0], TopP = point[1], Temperature = point[2], Seed = 1 };
    int[] drawn = [.. Enumerable.Range(0, count).Select(i => i % classes)];
    int[] codes = sampler.SampleCodes([.. drawn.Select(label => classes > 1 ? label : (int?)null)], options);
    Print($"samples, guidance {point[0]}, top-p {point[1]}, temperature {point[2]}", sampler.Decode(codes), drawn);
}
return 0;

static float[] Unit(Image image) => Array.ConvertAll(image.Pixels, sample => sample / 255f);

void Print(string name, Image[] set, int[] setLabels)
{
    float[][] of = features.Of(set, name);
    double accuracy = Classifier.Accuracy(of, setLabels, reference, referenceLabels);
    Console.WriteLine(
        $"| {name} | {Distances.Frechet(of, reference):0.0} ± {Distances.Bootstrap(of, reference, draws):0.0} "
        + $"| {Distances.Kernel(of, reference):0.00} | {accuracy:P1} |");
}
