using Tessera.Quantization;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>The options that say which quantizer a run trains, and how it learns.</summary>
internal static class QuantizerSettings
{
    private static readonly QuantizerOptions Usual = Preset.Default.Options.Model.Quantizer;

    /// <summary>The settings; <c>--quantizer</c> first, for the others belong to some quantizers only.</summary>
    public static Setting[] All() =>
    [
        Choice(
            "--quantizer",
            "How the codebook learns: by gradients, as running averages (ema), as directions of running averages (cosine), "
                + $"or behind one linear map (simvq) [default: {Usual.Kind}].",
            [.. QuantizerOptions.All.Select(options => options.Kind)],
            options => options.Kind,
            (options, kind) => options.Kind == kind ? options : WithCommon(QuantizerOptions.Find(kind), options)),
        new Setting<float?>(
            NewOption.Real<float>("--commitment", $"Commitment cost, the paper's beta [default: {Usual.Commitment}]."),
            options => options.Model.Quantizer.Commitment,
            (options, value) => With(options, quantizer => quantizer with { Commitment = value!.Value })),
        new Setting<double?>(
            NewOption.Real<double>(
                "--decay",
                "Decay of the running averages that make up the codebook; 0 trains it by gradients "
                    + $"[default: {(Usual as RunningAverageOptions)?.Decay ?? 0}]."),
            options => (options.Model.Quantizer as RunningAverageOptions)?.Decay ?? 0,
            (options, value) => With(options, quantizer => WithDecay(quantizer, value!.Value))),
        Choice(
            "--decay-ramp",
            "Whether the running averages forget faster at first, so that the codes follow the encoder; not those of --init "
                + $"[default: {Settings.OnOff((Usual as RunningAverageOptions)?.DecayRamp ?? false)}].",
            ["on", "off"],
            options => (options as RunningAverageOptions)?.DecayRamp is { } ramp ? Settings.OnOff(ramp) : null,
            (options, value) => RunningAverages(options, "decay-ramp") with { DecayRamp = value == "on" }),
        Choice(
            "--ema-start",
            "How the running averages start: as the seed's (sizes 0, sums unrelated to the codes) or from the codebook "
                + "(sizes 1, sums equal to the codes).",
            [.. Enum.GetValues<EmaStart>().Select(Name)],
            options => (options as EmaVectorQuantizerOptions)?.AveragesStart is { } start ? Name(start) : null,
            (options, value) => Ema(options, "ema-start") with { AveragesStart = Parse<EmaStart>(value) }),
        Choice(
            "--ema-smoothing",
            "What the Laplace smoothing of the sizes changes: the sizes themselves, as in the seed (kept), or a copy (copy).",
            ["kept", "copy"],
            options => (options as EmaVectorQuantizerOptions)?.KeepSmoothing is { } kept ? kept ? "kept" : "copy" : null,
            (options, value) => Ema(options, "ema-smoothing") with { KeepSmoothing = value == "kept" }),
        new Setting<double?>(
            NewOption.Real<double>(
                "--revival",
                "In the first 95% of a run, moves codes that fewer vectors choose than this part of an even share to where vectors are; 0 for never "
                    + $"[default: {(Usual as RunningAverageOptions)?.Revival ?? 0}]."),
            options => (options.Model.Quantizer as RunningAverageOptions)?.Revival ?? 0,
            (options, value) => With(options, quantizer => RunningAverages(quantizer, "revival") with { Revival = value!.Value })),
        Choice(
            "--codebook-start",
            "Where the codebook starts: at random, or at the centres that k-means finds among the first batches' vectors "
                + $"[default: {Name(Usual.Start)}].",
            [.. Enum.GetValues<CodebookStart>().Select(Name)],
            options => Name(options.Start),
            (options, value) => options with { Start = Parse<CodebookStart>(value) }),
        Choice(
            "--gradient",
            "How gradients pass the choice of a code: straight-through, or turned and scaled with it (the rotation trick) "
                + $"[default: {Name(Usual.Gradient)}].",
            [.. Enum.GetValues<GradientEstimator>().Select(Name)],
            options => Name(options.Gradient),
            (options, value) => options with { Gradient = Parse<GradientEstimator>(value) }),
    ];

    private static Setting<string?> Choice(
        string name, string description, string[] words,
        Func<QuantizerOptions, string?> get, Func<QuantizerOptions, string, QuantizerOptions> set) => new(
        NewOption.Choice(name, description, words),
        options => get(options.Model.Quantizer),
        (options, value) => With(options, quantizer => set(quantizer, value!)));

    private static TrainingOptions With(TrainingOptions options, Func<QuantizerOptions, QuantizerOptions> set) =>
        options with { Model = options.Model with { Quantizer = set(options.Model.Quantizer) } };

    /// <summary>Another kind of quantizer, with what all kinds have as it was.</summary>
    private static QuantizerOptions WithCommon(QuantizerOptions kind, QuantizerOptions common)
    {
        QuantizerOptions changed = kind with { Commitment = common.Commitment, Gradient = common.Gradient, Start = common.Start };
        return (changed, common) is (RunningAverageOptions to, RunningAverageOptions from)
            ? to with { Decay = from.Decay, DecayRamp = from.DecayRamp, Revival = from.Revival }
            : changed;
    }

    /// <summary>A decay of 0 is a codebook trained by gradients; any other, one of running averages.</summary>
    private static QuantizerOptions WithDecay(QuantizerOptions options, double decay) => (options, decay) switch
    {
        (RunningAverageOptions, 0) => WithCommon(new VectorQuantizerOptions(), options),
        (RunningAverageOptions averages, _) => averages with { Decay = decay },
        (VectorQuantizerOptions, 0) => options,
        (VectorQuantizerOptions, _) => (RunningAverageOptions)WithCommon(new EmaVectorQuantizerOptions(), options) with { Decay = decay },
        _ => RunningAverages(options, "decay"),
    };

    private static RunningAverageOptions RunningAverages(QuantizerOptions options, string name) =>
        options as RunningAverageOptions
        ?? throw new InputException($"--{name} belongs to a codebook of running averages, not to --quantizer {options.Kind}; leave it out or choose ema or cosine");

    private static EmaVectorQuantizerOptions Ema(QuantizerOptions options, string name) =>
        options as EmaVectorQuantizerOptions
        ?? throw new InputException($"--{name} belongs to --quantizer ema, not to {options.Kind}; leave it out or choose ema");

    /// <summary>The name of a value as the command line has it: StraightThrough is straight-through, KMeans kmeans.</summary>
    private static string Name<T>(T value) where T : struct, Enum => value switch
    {
        GradientEstimator.StraightThrough => "straight-through",
        _ => value.ToString().ToLowerInvariant(),
    };

    private static T Parse<T>(string name) where T : struct, Enum => Enum.GetValues<T>().Single(value => Name(value) == name);
}
