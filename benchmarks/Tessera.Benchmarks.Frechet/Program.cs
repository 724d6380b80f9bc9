using System.Globalization;
using Tessera;
using Tessera.Benchmarks.Frechet;
using Tessera.Data;
using Tessera.Priors;
using Tessera.Tokens;

// How far sets of images are from test images, by the features of a ResNet-18. Not the literature's FID, which uses
// another network and 50,000 images.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const string Usage = """
    usage: Tessera.Benchmarks.Frechet RUN [--prior DIR] [--data-dir DIR] [--count 1500] [--draws 10] [G,P,T ...]
           RUN is a tokenizer's run on CIFAR-10 with a prior; each G,P,T is a guidance, a top-p and a temperature
       or: Tessera.Benchmarks.Frechet reconstructions RUN ... [--data-dir DIR] [--count 1500] [--draws 10]
           each RUN is a tokenizer's run on CIFAR-10; its reconstructions alone are compared
    """;
var options = new Dictionary<string, string>
{
    ["--prior"] = "", ["--data-dir"] = "", ["--count"] = "1500", ["--draws"] = "10",
};
List<string> words = [];
List<SamplingOptions> grid = [];
try
{
    for (int i = 0; i < args.Length; i++)
    {
        if (options.ContainsKey(args[i]) && i + 1 < args.Length) options[args[i]] = args[++i];
        else if (args[i].Split(',') is [var guidance, var topP, var temperature])
            grid.Add(Point(args[i], guidance, topP, temperature));
        else words.Add(args[i]);
    }
    bool alone = words is ["reconstructions", _, ..];
    if (words.Any(word => word.StartsWith('-')) || (!alone && words is not [not "reconstructions"]))
    {
        Console.Error.WriteLine(Usage);
        return 2;
    }
    // A run that cannot be opened fails here, before minutes of work.
    string data = Cifar10.Find(options["--data-dir"] is { Length: > 0 } given ? given : null).Folder
        ?? throw new InputException("CIFAR-10 was not found; name its folder with --data-dir");
    Tokenizer[] tokenizers = alone ? [.. words.Skip(1).Select(path => Tokenizer.Open(path))] : [];
    using ImageSampler? sampler =
        alone ? null : ImageSampler.Open(words[0], options["--prior"] is { Length: > 0 } prior ? prior : null);
    using var comparison = new Comparison(data, Number("--count", 2, 5000), Number("--draws", 2, 1000));
    if (sampler is not null) comparison.OfSamples(sampler, grid);
    else comparison.OfReconstructions([.. words.Skip(1).Zip(tokenizers)]);
    return 0;
}
catch (InputException error)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

int Number(string name, int least, int most) =>
    int.TryParse(options[name], out int number) && number >= least && number <= most
        ? number
        : throw new InputException($"{name} {options[name]}: must be a whole number from {least} to {most}");

static SamplingOptions Point(string text, string guidance, string topP, string temperature)
{
    if (!float.TryParse(guidance, out float g) || !float.TryParse(topP, out float p)
        || !float.TryParse(temperature, out float t))
    {
        throw new InputException($"{text}: must be three numbers, as 1,0.97,1: guidance, top-p and temperature");
    }
    var point = new SamplingOptions { Guidance = g, TopP = p, Temperature = t, Seed = 1 };
    point.Validate();
    return point;
}
