using Tessera.Quantization;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>The options of the quantizer: its kind, and how its codebook learns.</summary>
internal static class QuantizerSettings
{
    private static readonly CodebookOptions Usual = (CodebookOptions)Preset.Default.Options.Model.Quantizer;

    // Distances of vectors of length 1 are small beside an image's error (docs/recipe.md).
    private const float CommitmentOfCosine = 16;

    /// <summary>The settings; <c>--quantizer</c> is first, because others belong to certain quantizers only.</summary>
    public static Setting<TrainingOptions>[] All() =>
        [Kind(), .. ForCodebooks(), Levels(), .. EntropySettings.All(), .. CellSettings.All()];

    /// <summary>A setting of the quantizer that takes one of a few words.</summary>
    public static Setting<TrainingOptions, string?> Choice(
        string name, string description, string[] words,
        Func<QuantizerOptions, string?> get, Func<QuantizerOptions, string, QuantizerOptions> set,
        Dictionary<string, string>? formerNames = null) => new(
        NewOption.Choice(name, description, words, formerNames ?? []),
        options => get(options.Model.Quantizer),
        (options, value) => With(options, quantizer => set(quantizer, value!)));

    /// <summary>A setting of the quantizer that takes a number.</summary>
    public static Setting<TrainingOptions, float?> Number(
        string name, string description, Func<QuantizerOptions, float?> get,
        Func<QuantizerOptions, float, QuantizerOptions> set) => new(
        NewOption.Number<float>(name, description),
        options => get(options.Model.Quantizer),
        (options, value) => With(options, quantizer => set(quantizer, value!.Value)));

    /// <summary>A setting of certain quantizers that takes a number.</summary>
    /// <typeparam name="TOptions">Their options.</typeparam>
    /// <param name="name">The option.</param>
    /// <param name="description">What it does.</param>
    /// <param name="kinds">The quantizers, for messages.</param>
    /// <param name="get">Gets the number.</param>
    /// <param name="set">The options with another number.</param>
    public static Setting<TrainingOptions, float?> NumberOf<TOptions>(
        string name, string description, string kinds, Func<TOptions, float> get, Func<TOptions, float, TOptions> set)
        where TOptions : QuantizerOptions => Number(
        name, description, options => options is TOptions own ? get(own) : null,
        (options, value) => options is TOptions own ? set(own, value) : throw NotFor(options, name[2..], kinds));

    /// <summary>The run's options with another quantizer.</summary>
    public static TrainingOptions With(TrainingOptions options, Func<QuantizerOptions, QuantizerOptions> set) =>
        options with { Model = options.Model with { Quantizer = set(options.Model.Quantizer) } };

    /// <summary>The error that an option belongs to other quantizers.</summary>
    public static InputException NotFor(QuantizerOptions options, string name, string kinds) => new(
        $"--{name} needs --quantizer {kinds}, not {options.Kind}; leave it out, or choose another quantizer");

    private static Setting<TrainingOptions> Kind() => Choice(
        "--quantizer",
        "How codes are found: in a codebook that learns by gradients (gradient), by running averages of the vectors "
            + "(ema), by running averages scaled to length 1 (cosine) or as fixed codes behind one trained linear map "
            + "(simvq); without a codebook as rounded numbers (fsq) or signs (lfq, bsq: of directions); or as a "
            + $"mixture that noise draws (gumbel) [default: {Usual.Kind}].",
        [.. QuantizerOptions.All.Select(options => options.Kind)],
        options => options.Kind,
        (options, kind) => options.Kind == kind ? options : WithCommon(QuantizerOptions.Find(kind), options));

    private static Setting<TrainingOptions>[] ForCodebooks() =>
    [
        Number(
            "--commitment", $"Commitment cost, the paper's beta; not for fsq, bsq and gumbel "
                + $"[default: {Usual.Commitment}; {CommitmentOfCosine} of cosine; "
                + $"{new LookupFreeQuantizerOptions().Commitment} of lfq].",
            options => options switch
            {
                CodebookOptions codebook => codebook.Commitment,
                LookupFreeQuantizerOptions signs => signs.Commitment,
                _ => null,
            },
            (options, value) => options switch
            {
                CodebookOptions codebook => codebook with { Commitment = value },
                LookupFreeQuantizerOptions signs => signs with { Commitment = value },
                _ => throw NotFor(options, "commitment", "gradient, ema, cosine, simvq or lfq"),
            }),
        new Setting<TrainingOptions, double?>(
            NewOption.Number<double>(
                "--decay",
                "Decay of the running averages of ema and cosine; 0 trains the codebook by gradients instead "
                    + $"[default: {(Usual as RunningAverageOptions)?.Decay ?? 0}]."),
            options => (options.Model.Quantizer as RunningAverageOptions)?.Decay ?? 0,
            (options, value) => With(options, quantizer => WithDecay(quantizer, value!.Value))),
        Settings.Switch<TrainingOptions>(
            "--decay-ramp",
            "Lowers the decay in the first updates, so that the codes follow the encoder faster; no effect with --init",
            (Usual as RunningAverageOptions)?.DecayRamp ?? false,
            options => (options.Model.Quantizer as RunningAverageOptions)?.DecayRamp,
            (options, value) => With(
                options, quantizer => RunningAverages(quantizer, "decay-ramp") with { DecayRamp = value })),
        Choice(
            "--ema-start",
            "Initial running averages of a random ema codebook: reference (sizes 0, random sums, as in the reference "
                + "notebook) or codebook (sizes 1, sums equal to the codes).",
            [.. Enum.GetValues<EmaStart>().Select(Name)],
            options => (options as EmaVectorQuantizerOptions)?.AveragesStart is { } start ? Name(start) : null,
            (options, value) => Ema(options, "ema-start") with { AveragesStart = Parse<EmaStart>(value) },
            new() { ["seed"] = Name(EmaStart.Reference) }),
        Choice(
            "--ema-smoothing",
            "Laplace smoothing of the sizes of ema: kept (changes the running sizes, as in the reference notebook) or "
                + "copy (changes only a copy, by which the sums are divided).",
            ["kept", "copy"],
            options =>
                (options as EmaVectorQuantizerOptions)?.KeepSmoothing is { } kept ? kept ? "kept" : "copy" : null,
            (options, value) => Ema(options, "ema-smoothing") with { KeepSmoothing = value == "kept" }),
        new Setting<TrainingOptions, double?>(
            NewOption.Number<double>(
                "--revival",
                "Moves codes that are used less than this fraction of an even share onto vectors of the batch, in the "
                    + "first 95% of a run; 0 to 1, 0 for off "
                    + $"[default: {(Usual as RunningAverageOptions)?.Revival ?? 0}]."),
            options => (options.Model.Quantizer as RunningAverageOptions)?.Revival ?? 0,
            (options, value) => With(
                options, quantizer => RunningAverages(quantizer, "revival") with { Revival = value!.Value })),
        Choice(
            "--codebook-start",
            "Initial codebook: random, or k-means centres of the encoder's vectors of the first batches, of at most "
                + $"16,384 codes; no effect with --init [default: {Name(Usual.Start)}; random of simvq].",
            [.. Enum.GetValues<CodebookStart>().Select(Name)],
            options => (options as CodebookOptions)?.Start is { } start ? Name(start) : null,
            (options, value) => Codebook(options, "codebook-start") with { Start = Parse<CodebookStart>(value) }),
        Choice(
            "--gradient",
            "Gradient of the code choice: straight-through, or rotated and scaled with the code (the rotation trick) "
                + $"[default: {Name(Usual.Gradient)}].",
            [.. Enum.GetValues<GradientEstimator>().Select(Name)],
            options => (options as CodebookOptions)?.Gradient is { } gradient ? Name(gradient) : null,
            (options, value) => Codebook(options, "gradient") with { Gradient = Parse<GradientEstimator>(value) }),
    ];

    /// <summary>Another kind of quantizer, with the options that both kinds have unchanged.</summary>
    private static QuantizerOptions WithCommon(QuantizerOptions kind, QuantizerOptions common)
    {
        if ((kind, common) is not (CodebookOptions codebook, CodebookOptions given)) return kind;
        CodebookOptions changed = codebook with
        {
            Commitment = codebook is CosineVectorQuantizerOptions ? CommitmentOfCosine : given.Commitment,
            Gradient = given.Gradient,
            // Of simvq the codes are random and stay so, as in its paper.
            Start = codebook is SimVectorQuantizerOptions ? codebook.Start : given.Start,
            Entropy = given.Entropy,
            Diversity = given.Diversity,
            Temperature = given.Temperature,
        };
        return (changed, common) is (RunningAverageOptions to, RunningAverageOptions from)
            ? to with { Decay = from.Decay, DecayRamp = from.DecayRamp, Revival = from.Revival }
            : changed;
    }

    /// <summary>A decay of 0 selects a codebook trained by gradients; any other, one of running averages.</summary>
    private static QuantizerOptions WithDecay(QuantizerOptions options, double decay) => (options, decay) switch
    {
        (RunningAverageOptions, 0) => WithCommon(new VectorQuantizerOptions(), options),
        (RunningAverageOptions averages, _) => averages with { Decay = decay },
        (VectorQuantizerOptions, 0) => options,
        (VectorQuantizerOptions, _) =>
            (RunningAverageOptions)WithCommon(new EmaVectorQuantizerOptions(), options) with { Decay = decay },
        _ => RunningAverages(options, "decay"),
    };

    private static CodebookOptions Codebook(QuantizerOptions options, string name) =>
        options as CodebookOptions ?? throw NotFor(options, name, "gradient, ema, cosine or simvq");

    private static RunningAverageOptions RunningAverages(QuantizerOptions options, string name) =>
        options as RunningAverageOptions
        ?? throw new InputException(
            $"--{name} needs a codebook of running averages, not --quantizer {options.Kind}; "
            + "leave it out, or choose --quantizer ema or cosine");

    private static EmaVectorQuantizerOptions Ema(QuantizerOptions options, string name) =>
        options as EmaVectorQuantizerOptions
        ?? throw new InputException(
            $"--{name} needs --quantizer ema, not {options.Kind}; leave it out, or choose --quantizer ema");

    /// <summary>A value's name on the command line: straight-through for StraightThrough, kmeans for KMeans.</summary>
    public static string Name<T>(T value) where T : struct, Enum => value switch
    {
        GradientEstimator.StraightThrough => "straight-through",
        _ => value.ToString().ToLowerInvariant(),
    };

    private static T Parse<T>(string name) where T : struct, Enum =>
        Enum.GetValues<T>().Single(value => Name(value) == name);

    private static Setting<TrainingOptions> Levels() => new Setting<TrainingOptions, int[]?>(
        NewOption.Integers(
            "--levels",
            "Levels of each dimension of fsq, such as 8,5,5,5; their product becomes the number of codes [default: the "
                + "fewest dimensions of at most 8 levels: 8,8,8 for 512 codes]."),
        options => options.Model.Quantizer is FiniteScalarQuantizerOptions rounded
            ? string.Join(",", rounded.Levels)
            : null,
        (options, value) => WithLevels(options, value!));

    /// <summary>The options with these levels, and as many codes.</summary>
    private static TrainingOptions WithLevels(TrainingOptions options, int[] levels)
    {
        options = With(options, quantizer => quantizer is FiniteScalarQuantizerOptions rounded
            ? rounded with { Levels = levels }
            : throw NotFor(quantizer, "levels", "fsq"));
        int codes = ProductOf(levels) ?? options.Model.Codes;
        return options with { Model = options.Model with { Codes = codes } };
    }

    /// <summary>The product; null if it is beyond the numbers.</summary>
    private static int? ProductOf(int[] levels)
    {
        long product = 1;
        foreach (int level in levels) product = Math.Min(product * Math.Max(level, 1), int.MaxValue);
        return product < int.MaxValue ? (int)product : null;
    }
}
