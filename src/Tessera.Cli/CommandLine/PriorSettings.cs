using Tessera.Priors;

namespace Tessera.Cli.CommandLine;

/// <summary>The options that describe a prior's run. A group belongs to one command.</summary>
internal static class PriorSettings
{
    private static readonly PriorOptions Usual = PriorOptions.Default;

    /// <summary>The options that the result of a run depends on; they are fixed when it starts.</summary>
    public static SettingGroup<PriorOptions> ForStarting() => new(
    [
        .. Settings.Under(
            "Images",
            ImageSettings<PriorOptions>.Data("the run's own"),
            ImageSettings<PriorOptions>.Size("the run's own, else 32"),
            ImageSettings<PriorOptions>.Flips(
                "Trains on the codes of each image mirrored left to right too, with probability 1/2", Usual.Flips),
            Settings.Switch<PriorOptions>(
                "--classes",
                "Learns the classes of the images, if there are several, so that images of a class can be drawn",
                Usual.UsesClasses, options => options.UsesClasses,
                (options, value) => options with { UsesClasses = value }),
            new Setting<PriorOptions, float?>(
                NewOption.Number<float>(
                    "--class-dropout",
                    "Part of the drawn images that are trained on without their class: it makes guidance possible "
                        + $"[default: {Usual.ClassDropout}]."),
                options => options.ClassDropout, (options, value) => options with { ClassDropout = value!.Value })),
        .. Settings.Under(
            "Model",
            Model("--width", "Numbers that a position carries from block to block",
                model => model.Width, (model, value) => model with { Width = value }),
            Model("--layers", "Transformer blocks",
                model => model.Layers, (model, value) => model with { Layers = value }),
            Model("--heads", "Attention heads of a block",
                model => model.Heads, (model, value) => model with { Heads = value }),
            new Setting<PriorOptions, float?>(
                NewOption.Number<float>(
                    "--dropout",
                    "Probability that a number is dropped after the embedding and at the end of each branch "
                        + $"[default: {Usual.Model.Dropout}]."),
                options => options.Model.Dropout,
                (options, value) => options with { Model = options.Model with { Dropout = value!.Value } })),
        .. Settings.Under(
            "Optimizer",
            [
                RunSettings<PriorOptions>.Batch(Usual.Batch),
                .. RunSettings<PriorOptions>.Optimizing(Usual),
                RunSettings<PriorOptions>.Seed(Usual.Seed),
            ]),
    ]);

    /// <summary>The options for the length of a run.</summary>
    public static SettingGroup<PriorOptions> ForBudget() => new(RunSettings<PriorOptions>.Budget($"{Usual.Budget}"));

    /// <summary>The other options that a resumed run can change: its result so far does not depend on them.</summary>
    public static SettingGroup<PriorOptions> ForResuming() => new(
    [
        .. RunSettings<PriorOptions>.Computing(),
        .. RunSettings<PriorOptions>.Saving(Usual, $"{Usual.EvalEvery}"),
        ImageSettings<PriorOptions>.DataDir(), ImageSettings<PriorOptions>.Cache(),
    ]);

    private static Setting<PriorOptions, int?> Model(
        string name, string description, Func<CodePriorOptions, int> get,
        Func<CodePriorOptions, int, CodePriorOptions> set) => new(
        NewOption.Integer<int>(name, $"{description} [default: {get(Usual.Model)}]."),
        options => get(options.Model), (options, value) => options with { Model = set(options.Model, value!.Value) });
}
