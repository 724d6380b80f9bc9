using System.CommandLine;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors.Optim;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>
/// The options that describe a run and its images. Every command takes them from here, so that each is defined once.
/// An instance belongs to one command.
/// </summary>
internal sealed class Settings
{
    /// <summary>The name of the option for the images.</summary>
    public const string DataName = "--data";

    /// <summary>The name of the option for the size of the images.</summary>
    public const string SizeName = "--size";

    /// <summary>The names of the options for the length of a run.</summary>
    public static readonly IReadOnlyList<string> BudgetNames = ["--updates", "--images", "--minutes"];

    private static readonly TrainingOptions Usual = Preset.Default.Options;
    private static readonly TrainingOptions ForShapes = Preset.Default.OptionsFor(SyntheticShapes.Name);

    private readonly Setting[] _settings;

    private Settings(params Setting[] settings) => _settings = settings;

    /// <summary>The options of a command that applies a trained model to images: the images, and threads.</summary>
    /// <param name="allowsNative">Whether <c>--size native</c> is allowed.</param>
    public static Settings ForImages(bool allowsNative) =>
        new([.. Images("the run's own", allowsNative), Threads()]);

    /// <summary>The options of a command that applies a trained model to no images: threads.</summary>
    public static Settings ForComputing() => new(Threads());

    /// <summary>The options that a resumed run can change: its result so far does not depend on them.</summary>
    public static Settings ForResuming() => new(
        new Setting<long?>(
            NewOption.Integer<long>(
                "--updates",
                $"Updates to train in total [default: {ForShapes.Budget} for shapes, else {Usual.Budget}]."),
            options => options.Budget.Updates,
            (options, value) => options with { Budget = TrainingBudget.OfUpdates(value!.Value) }),
        new Setting<long?>(
            NewOption.Integer<long>(
                "--images", "Training images to draw in total, instead of --updates.", "--pictures"),
            options => options.Budget.Images,
            (options, value) => options with { Budget = TrainingBudget.OfImages(value!.Value) }),
        new Setting<double?>(
            NewOption.Number<double>(
                "--minutes",
                "Minutes to train in total, instead of --updates; the result then depends on the machine's speed."),
            options => options.Budget.Minutes,
            (options, value) => options with { Budget = TrainingBudget.OfMinutes(value!.Value) }),
        Threads(),
        new Setting<long?>(
            NewOption.Integer<long>(
                "--checkpoint-every", $"Updates between checkpoints [default: {Usual.CheckpointEvery}]."),
            options => options.CheckpointEvery, (options, value) => options with { CheckpointEvery = value!.Value }),
        new Setting<long?>(
            NewOption.Integer<long>(
                "--eval-every",
                "Updates between evaluations on the test split "
                    + $"[default: {ForShapes.EvalEvery} for shapes, else {Usual.EvalEvery}]."),
            options => options.EvalEvery, (options, value) => options with { EvalEvery = value!.Value }),
        DataDir());

    /// <summary>The options of a benchmark: the sizes of the model and its batches, and threads.</summary>
    /// <param name="usual">The default values.</param>
    public static Settings ForBenchmark(TrainingOptions usual) =>
        new([Batch(usual.Batch), Size(usual.Size), .. ModelSizes(usual.Model), Threads()]);

    /// <summary>The options that the result of a run depends on; they are fixed when it starts.</summary>
    public static Settings ForStarting() => new(
    [
        Data(Usual.Data),
        Size(Usual.Size),
        Batch(Usual.Batch),
        new Setting<string?>(
            NewOption.Choice(
                "--optimizer",
                "Optimizer of the weights: adam, or muon for the convolution kernels and adam for the rest "
                    + $"[default: {Lower(Usual.Optimizer)}].",
                [.. Enum.GetValues<OptimizerKind>().Select(Lower)]),
            options => Lower(options.Optimizer),
            (options, value) => options with { Optimizer = Enum.Parse<OptimizerKind>(value!, ignoreCase: true) }),
        new Setting<float?>(
            NewOption.Number<float>("--lr", $"Learning rate, after the warm-up [default: {Usual.LearningRate}]."),
            options => options.LearningRate, (options, value) => options with { LearningRate = value!.Value }),
        new Setting<long?>(
            NewOption.Integer<long>(
                "--warmup",
                $"Updates over which the learning rate rises linearly to --lr; 0 for none [default: {Usual.WarmUp}]."),
            options => options.WarmUp, (options, value) => options with { WarmUp = value!.Value }),
        new Setting<string?>(
            NewOption.Choice(
                "--schedule",
                "Learning rate over the run: constant, or a cosine that falls to 0 at its end "
                    + $"[default: {Lower(Usual.LearningRateShape)}].",
                [.. Enum.GetValues<LearningRateShape>().Select(Lower)]),
            options => Lower(options.LearningRateShape),
            (options, value) => options with
            {
                LearningRateShape = Enum.Parse<LearningRateShape>(value!, ignoreCase: true),
            }),
        new Setting<float?>(
            NewOption.Number<float>(
                "--clip-norm",
                "Largest norm of all gradients together; larger ones are scaled down to it; 0 for no limit "
                    + $"[default: {Usual.ClipNorm}]."),
            options => options.ClipNorm, (options, value) => options with { ClipNorm = value!.Value }),
        new Setting<float?>(
            NewOption.Number<float>(
                "--weight-decay",
                $"Decoupled weight decay of all parameters, as in AdamW; 0 for none [default: {Usual.WeightDecay}]."),
            options => options.WeightDecay, (options, value) => options with { WeightDecay = value!.Value }),
        new Setting<double?>(
            NewOption.Number<double>(
                "--average",
                "Decay of a running average of the weights; evaluations and saved models use the average; 0 for none "
                    + $"[default: {Usual.AverageDecay}]."),
            options => options.AverageDecay, (options, value) => options with { AverageDecay = value!.Value }),
        new Setting<string?>(
            NewOption.Choice(
                "--flips",
                $"Mirrors each training image left to right with probability 1/2 [default: {OnOff(Usual.Flips)}].",
                "on", "off"),
            options => OnOff(options.Flips), (options, value) => options with { Flips = value == "on" }),
        .. ModelSizes(Usual.Model),
        .. QuantizerSettings.All(),
        new Setting<ulong?>(
            NewOption.Integer<ulong>("--seed", $"Seed of all random numbers [default: {Usual.Seed}]."),
            options => options.Seed, (options, value) => options with { Seed = value!.Value }),
        new Setting<string?>(
            NewOption.Text(
                "--init", "FILE", "Model file or run whose weights the run starts from, instead of random weights."),
            options => options.Init, (options, value) => options with { Init = Path.GetFullPath(value!) }),
        new Setting<string?>(
            NewOption.Text(
                "--key", "NAME",
                "Key of the state dict in the PyTorch file of --init; needed only if the file holds several models."),
            options => options.InitKey, (options, value) => options with { InitKey = value }),
    ]);

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Setting setting in _settings) command.Options.Add(setting.Option);
    }

    /// <summary>The training options with the values that the user gave, validated.</summary>
    /// <exception cref="InputException">A value is out of its range; the message names the option.</exception>
    public TrainingOptions Apply(ParseResult parse, TrainingOptions options)
    {
        foreach (Setting setting in _settings) options = setting.Apply(parse, options);
        if (options is { InitKey: not null, Init: null })
            throw new InputException(
                "--key names a state dict in the file of --init; give that too, or leave --key out");
        options.Validate();
        return options;
    }

    /// <summary>The first option that differs between two runs, with both values; null if none differs.</summary>
    public (string Name, object? First, object? Second)? FindDifference(
        TrainingOptions first, TrainingOptions second) =>
        _settings.Where(setting => !Equals(setting.Get(first), setting.Get(second)))
            .Select(setting =>
                ((string, object?, object?)?)(setting.Option.Name, setting.Get(first), setting.Get(second)))
            .FirstOrDefault();

    private static Setting[] Images(string usual, bool allowsNative) =>
        [Data(usual), DataDir(), Size("the run's own, else 32", allowsNative)];

    private static Setting<string?> Data(string usual) => new(
        NewOption.Text(
            DataName, "shapes|cifar10|FOLDER",
            "The images: shapes (generated by the program), cifar10, or a folder of image files "
                + $"[default: {usual}]."),
        options => options.Data,
        (options, value) => options with
        {
            Data = ImageLoader.Name(value!),
            // CIFAR-10 images are always 32x32; --size is applied after this.
            Size = value == Cifar10.Name ? Cifar10.Size : options.Size,
        });

    private static Setting[] ModelSizes(VqVaeOptions usual) =>
    [
        Model("--channels", "Channels of the images: 1 (grey) or 3 (red, green, blue)",
            usual, model => model.Channels, (model, value) => model with { Channels = value }),
        Model("--hidden", "Channels of the hidden layers",
            usual, model => model.Hidden, (model, value) => model with { Hidden = value }),
        Model("--residual-hidden", "Channels inside the residual blocks",
            usual, model => model.ResidualHidden, (model, value) => model with { ResidualHidden = value }),
        Model("--residual-layers", "Residual blocks in the encoder and in the decoder",
            usual, model => model.ResidualLayers, (model, value) => model with { ResidualLayers = value }),
        Model("--codes", "Codes in the codebook, K",
            usual, model => model.Codes, (model, value) => model with { Codes = value }),
        Model("--code-dim", "Dimensions of a code, D",
            usual, model => model.CodeDim, (model, value) => model with { CodeDim = value }),
        Model("--lookup-dim",
            "Dimensions of the nearest-code search, with linear maps from D and back; 0 to search in D dimensions",
            usual, model => model.LookupDim, (model, value) => model with { LookupDim = value }),
    ];

    private static Setting<int?> Batch(int usual) => new(
        NewOption.Integer<int>("--batch", $"Images in a batch [default: {usual}]."),
        options => options.Batch, (options, value) => options with { Batch = value!.Value });

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>The value of an on|off option.</summary>
    public static string OnOff(bool value) => value ? "on" : "off";

    private static Setting<string?> DataDir() => new(
        NewOption.Text(
            "--data-dir", "DIR",
            "Folder to search first for CIFAR-10; it is downloaded there if it is not on this machine."),
        options => options.DataDir,
        (options, value) => options with { DataDir = Path.GetFullPath(value!) });

    private static Setting<ImageSize?> Size(object usual, bool allowsNative = false) => new(
        NewOption.Size(
            SizeName,
            $"Height and width that images are scaled and centre-cropped to, multiples of {VqVae.PixelsPerCode}: "
                + "one number for both, or HxW such as 32x48"
                + (allowsNative ? $"; native: unscaled, only cropped to multiples of {VqVae.PixelsPerCode}" : "")
                + $" [default: {usual}].",
            allowsNative),
        options => options.Size,
        // A run cannot have the size native; a command that allows it reads the option itself.
        (options, value) => value == ImageSize.Native ? options : options with { Size = value!.Value });

    private static Setting<int?> Threads() => new(
        NewOption.Integer<int>(
            "--threads",
            "Threads to compute with; their number does not change the computed values [default: one per processor]."),
        options => options.Threads, (options, value) => options with { Threads = value });

    private static Setting<int?> Model(
        string name, string description, VqVaeOptions usual,
        Func<VqVaeOptions, int> get, Func<VqVaeOptions, int, VqVaeOptions> set) => new(
        NewOption.Integer<int>(name, $"{description} [default: {get(usual)}]."),
        options => get(options.Model), (options, value) => options with { Model = set(options.Model, value!.Value) });
}
