using Tessera.Data;
using Tessera.Models;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>
/// The options that describe a tokenizer's run and its images. Every command takes them from here, so that each is
/// defined once. A group belongs to one command.
/// </summary>
internal static class Settings
{
    /// <summary>The name of the option for the images.</summary>
    public const string DataName = "--data";

    /// <summary>The name of the option for the size of the images.</summary>
    public const string SizeName = "--size";

    /// <summary>The name of the option for the initial weights.</summary>
    public const string InitName = "--init";

    /// <summary>The name of the option for the key of the initial weights in their file.</summary>
    public const string KeyName = "--key";

    /// <summary>The name of the option for the number of codes.</summary>
    public const string CodesName = "--codes";

    /// <summary>What <c>--flips</c> does to a training image.</summary>
    public const string FlipsDescription = "Mirrors each training image left to right with probability 1/2";

    private static readonly TrainingOptions Usual = Preset.Default.Options;
    private static readonly TrainingOptions ForShapes = Preset.Default.OptionsFor(SyntheticShapes.Name);

    /// <summary>The options of a command that applies a trained model to images: the images, and the device.</summary>
    /// <param name="allowsNative">Whether <c>--size native</c> is allowed.</param>
    public static SettingGroup<TrainingOptions> ForImages(bool allowsNative) =>
        new([.. Images("the run's own", allowsNative), .. RunSettings<TrainingOptions>.Computing()]);

    /// <summary>The options of a command that applies a trained model to no images: the device.</summary>
    public static SettingGroup<TrainingOptions> ForComputing() => new(RunSettings<TrainingOptions>.Computing());

    /// <summary>The options for the length of a run.</summary>
    public static SettingGroup<TrainingOptions> ForBudget() =>
        new(RunSettings<TrainingOptions>.Budget($"{ForShapes.Budget} for shapes, else {Usual.Budget}"));

    /// <summary>The other options that a resumed run can change: its result so far does not depend on them.</summary>
    public static SettingGroup<TrainingOptions> ForResuming() => new(
    [
        .. RunSettings<TrainingOptions>.Computing(),
        .. RunSettings<TrainingOptions>.Saving(Usual, $"{ForShapes.EvalEvery} for shapes, else {Usual.EvalEvery}"),
        ImageSettings<TrainingOptions>.DataDir(), ImageSettings<TrainingOptions>.Cache(),
    ]);

    /// <summary>The options of a benchmark: the sizes of the model and its batches, and the device.</summary>
    /// <param name="usual">The default values.</param>
    public static SettingGroup<TrainingOptions> ForBenchmark(TrainingOptions usual) => new(
    [
        RunSettings<TrainingOptions>.Batch(usual.Batch), ImageSettings<TrainingOptions>.Size(usual.Size),
        .. ModelSizes(usual.Model),
        .. RunSettings<TrainingOptions>.Computing(),
    ]);

    /// <summary>The options that the result of a run depends on; they are fixed when it starts.</summary>
    public static SettingGroup<TrainingOptions> ForStarting() => new(
    [
        .. Under(
            "Images", ImageSettings<TrainingOptions>.Data(Usual.Data), ImageSettings<TrainingOptions>.Size(Usual.Size),
            ImageSettings<TrainingOptions>.Flips(FlipsDescription, Usual.Flips)),
        .. Under("Model", ModelSizes(Usual.Model)),
        .. Under("Quantizer", QuantizerSettings.All()),
        .. Under("Loss", LossSettings.All()),
        .. Under("Start", Initial()),
        .. Under(
            "Optimizer",
            [
                RunSettings<TrainingOptions>.Batch(Usual.Batch), .. RunSettings<TrainingOptions>.Optimizing(Usual),
                RunSettings<TrainingOptions>.Seed(Usual.Seed),
            ]),
    ]);

    private static Setting<TrainingOptions>[] Initial() =>
    [
        new Setting<TrainingOptions, string?>(
            NewOption.Text(
                InitName, "FILE",
                "Model file or run whose weights the run starts from, instead of random weights; or the name of a "
                    + "model that comes with the program."),
            options => options.Init,
            (options, value) => options with { Init = Path.GetFullPath(ModelSource.PathOf(value!)) }),
        new Setting<TrainingOptions, string?>(
            NewOption.Text(
                KeyName, "NAME",
                "Key of the state dict in the PyTorch file of --init; needed only if the file holds several models."),
            options => options.InitKey, (options, value) => options with { InitKey = value }),
    ];

    private static Setting<TrainingOptions>[] Images(string usual, bool allowsNative) =>
    [
        ImageSettings<TrainingOptions>.Data(usual), ImageSettings<TrainingOptions>.DataDir(),
        ImageSettings<TrainingOptions>.Cache(),
        ImageSettings<TrainingOptions>.Size("the run's own, else 32", allowsNative),
    ];

    private static Setting<TrainingOptions>[] ModelSizes(VqVaeOptions usual) =>
    [
        Model("--channels", "Channels of the images: 1 (grey) or 3 (red, green, blue)",
            usual, model => model.Channels, (model, value) => model with { Channels = value }),
        Model("--hidden", "Channels of the hidden layers",
            usual, model => model.Hidden, (model, value) => model with { Hidden = value }),
        Model("--stride",
            "Pixels of a code in each direction: 2, 4, 8 or 16; each factor of two is a map more, of half the channels",
            usual, model => model.Stride, (model, value) => model with { Stride = value }),
        Model("--groupnorm",
            "Groups of the group normalisation before each ReLU; 0 for none",
            usual, model => model.GroupNorm, (model, value) => model with { GroupNorm = value }),
        Model("--attention",
            "Heads of a self-attention over the codes' cells in the encoder and in the decoder; 0 for none",
            usual, model => model.Attention, (model, value) => model with { Attention = value }),
        Model("--residual-hidden", "Channels inside the residual blocks",
            usual, model => model.ResidualHidden, (model, value) => model with { ResidualHidden = value }),
        Model("--residual-layers", "Residual blocks in the encoder and in the decoder",
            usual, model => model.ResidualLayers, (model, value) => model with { ResidualLayers = value }),
        Model(CodesName, "Codes in the codebook, K",
            usual, model => model.Codes, (model, value) => model with { Codes = value }),
        Model("--code-dim", "Dimensions of a code, D",
            usual, model => model.CodeDim, (model, value) => model with { CodeDim = value }),
        Model("--lookup-dim",
            "Dimensions of the nearest-code search, with linear maps from D and back; 0 to search in D dimensions",
            usual, model => model.LookupDim, (model, value) => model with { LookupDim = value }),
    ];

    /// <summary>A setting that is on or off.</summary>
    /// <typeparam name="TOptions">The options of the run.</typeparam>
    /// <param name="name">The option's name.</param>
    /// <param name="description">What it does when on.</param>
    /// <param name="usual">The default.</param>
    /// <param name="get">Gets the value; null if the run's options have none.</param>
    /// <param name="set">Returns the run's options with another value.</param>
    public static Setting<TOptions> Switch<TOptions>(
        string name, string description, bool usual, Func<TOptions, bool?> get, Func<TOptions, bool, TOptions> set)
        where TOptions : RunOptions => new Setting<TOptions, string?>(
        NewOption.Choice(name, $"{description} [default: {OnOff(usual)}].", "on", "off"),
        options => get(options) is { } value ? OnOff(value) : null,
        (options, value) => set(options, value == "on"));

    /// <summary>Settings under a title, for forms.</summary>
    public static IEnumerable<Setting<TOptions>> Under<TOptions>(string topic, params Setting<TOptions>[] settings)
        where TOptions : RunOptions => settings.Select(setting => setting.Under(topic));

    private static string OnOff(bool value) => value ? "on" : "off";

    private static Setting<TrainingOptions, int?> Model(
        string name, string description, VqVaeOptions usual,
        Func<VqVaeOptions, int> get, Func<VqVaeOptions, int, VqVaeOptions> set) => new(
        NewOption.Integer<int>(name, $"{description} [default: {get(usual)}]."),
        options => get(options.Model), (options, value) => options with { Model = set(options.Model, value!.Value) });
}
