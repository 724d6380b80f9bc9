using Tessera.Features;

namespace Tessera.Cli.CommandLine;

/// <summary>The options that describe a classifier's run. A group belongs to one command.</summary>
internal static class ClassifierSettings
{
    private static readonly ClassifierOptions Usual = ClassifierOptions.Default;

    /// <summary>The options that the result of a run depends on; they are fixed when it starts.</summary>
    public static SettingGroup<ClassifierOptions> ForStarting() => new(
    [
        .. Settings.Under(
            "Images",
            ImageSettings<ClassifierOptions>.Data(Usual.Data),
            ImageSettings<ClassifierOptions>.Size(Usual.Size),
            ImageSettings<ClassifierOptions>.Flips(Settings.FlipsDescription, Usual.Flips)),
        .. Settings.Under(
            "Model",
            Model("--channels", "Channels of the images: 1 (grey) or 3 (red, green, blue)",
                model => model.Channels, (model, value) => model with { Channels = value }),
            Model("--width", "Channels of the first of three stages; each further stage has twice as many",
                model => model.Width, (model, value) => model with { Width = value }),
            Model("--convolutions", "Convolutions in each stage",
                model => model.Convolutions, (model, value) => model with { Convolutions = value })),
        .. Settings.Under(
            "Optimizer",
            [
                RunSettings<ClassifierOptions>.Batch(Usual.Batch),
                .. RunSettings<ClassifierOptions>.Optimizing(Usual),
                RunSettings<ClassifierOptions>.Seed(Usual.Seed),
            ]),
    ]);

    /// <summary>The options for the length of a run.</summary>
    public static SettingGroup<ClassifierOptions> ForBudget() =>
        new(RunSettings<ClassifierOptions>.Budget($"{Usual.Budget}"));

    /// <summary>The other options that a resumed run can change: its result so far does not depend on them.</summary>
    public static SettingGroup<ClassifierOptions> ForResuming() => new(
    [
        .. RunSettings<ClassifierOptions>.Computing(),
        .. RunSettings<ClassifierOptions>.Saving(Usual, $"{Usual.EvalEvery}"),
        ImageSettings<ClassifierOptions>.DataDir(), ImageSettings<ClassifierOptions>.Cache(),
    ]);

    private static Setting<ClassifierOptions, int?> Model(
        string name, string description, Func<ClassifierSizes, int> get,
        Func<ClassifierSizes, int, ClassifierSizes> set) => new(
        NewOption.Integer<int>(name, $"{description} [default: {get(Usual.Model)}]."),
        options => get(options.Model), (options, value) => options with { Model = set(options.Model, value!.Value) });
}
