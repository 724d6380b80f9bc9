using System.CommandLine;
using Tessera.Priors;

namespace Tessera.Cli.CommandLine;

/// <summary>The options of commands that draw images: the prior, the class, and how codes are drawn.</summary>
internal sealed class SamplingSettings
{
    private static readonly SamplingOptions Usual = SamplingOptions.Default;

    private readonly Option<string?> _prior = PriorOption();
    private readonly Option<string?> _class = NewOption.Text(
        "--class", "NAME", "Class of the images; all for an equal part of each class [default: any].");
    private readonly Option<float?> _guidance = NewOption.Number<float>(
        "--guidance",
        "How much the class counts: 0 draws from the prior itself, higher values draw clearer and fewer kinds of "
            + $"images [default: {Usual.Guidance} with --class, else 0].");
    private readonly Option<float?> _temperature = NewOption.Number<float>(
        "--temperature", $"Below 1 likely codes become more likely, above 1 less [default: {Usual.Temperature}].");
    private readonly Option<float?> _topP = NewOption.Number<float>(
        "--top-p",
        $"Draws each code from the fewest that have this probability together; 1 for all [default: {Usual.TopP}].");
    private readonly Option<int?> _topK = NewOption.Integer<int>(
        "--top-k", $"Draws each code from this many of the most likely; 0 for all [default: {Usual.TopK}].");
    private readonly Option<ulong?> _seed = NewOption.Integer<ulong>(
        "--seed", $"Seed of the random numbers: the same seed draws the same images [default: {Usual.Seed}].");

    /// <summary>The option that names a prior.</summary>
    public static Option<string?> PriorOption() => NewOption.Text(
        "--prior", "DIR|FILE",
        $"The prior: its run folder, a checkpoint folder in it, or a model file [default: {PriorRun.FolderName} in the "
            + "folder RUN].");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_prior, _class, _guidance, _temperature, _topP, _topK, _seed])
            command.Options.Add(option);
    }

    /// <summary>The prior that the user named; null for the default.</summary>
    public string? Prior(ParseResult parse) => parse.GetValue(_prior);

    /// <summary>How codes are drawn.</summary>
    /// <exception cref="InputException">A value is out of range.</exception>
    public SamplingOptions Options(ParseResult parse)
    {
        var options = new SamplingOptions
        {
            Guidance = parse.GetValue(_guidance) ?? (parse.GetValue(_class) is null ? 0 : Usual.Guidance),
            Temperature = parse.GetValue(_temperature) ?? Usual.Temperature,
            TopP = parse.GetValue(_topP) ?? Usual.TopP,
            TopK = parse.GetValue(_topK) ?? Usual.TopK,
            Seed = parse.GetValue(_seed) ?? Usual.Seed,
        };
        options.Validate();
        return options;
    }

    /// <summary>The class of each image.</summary>
    /// <exception cref="InputException">There is no such class; the message lists the names.</exception>
    public int?[] Labels(ParseResult parse, CodePriorOptions prior, int count)
    {
        string? name = parse.GetValue(_class);
        if (name != "all" || prior.Classes.Contains(name))
            return [.. Enumerable.Repeat(prior.FindClass(name), count)];
        if (prior.Classes.Count == 0) prior.FindClass(name);
        if (count < prior.Classes.Count)
            throw new InputException(
                $"--count {count} is less than one image of each of {prior.Classes.Count} classes; give more");
        return [.. Enumerable.Range(0, count).Select(i => (int?)((long)i * prior.Classes.Count / count))];
    }
}
