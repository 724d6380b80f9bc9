using System.CommandLine;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors.Optim;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>
/// The options that describe a run and its pictures, each in one place: every command that takes one takes it from here.
/// An instance belongs to one command.
/// </summary>
internal sealed class Settings
{
    /// <summary>The option that names pictures.</summary>
    public const string DataName = "--data";

    /// <summary>The option for the size of pictures.</summary>
    public const string SizeName = "--size";

    /// <summary>The options that say how long a run trains.</summary>
    public static readonly IReadOnlyList<string> BudgetNames = ["--updates", "--pictures", "--minutes"];

    private static readonly TrainingOptions Usual = Preset.Default.Options;

    private readonly Setting[] _settings;

    private Settings(params Setting[] settings) => _settings = settings;

    /// <summary>Where pictures come from, and how many threads work: what a command with a trained model takes.</summary>
    /// <param name="allowsNative">Whether pictures may be taken as they are.</param>
    public static Settings ForPictures(bool allowsNative) => new([.. Pictures("the run's own", allowsNative), Threads()]);

    /// <summary>How many threads work: what a command takes that is given no pictures.</summary>
    public static Settings ForComputing() => new(Threads());

    /// <summary>What may change when a run is resumed: nothing its result so far depends on.</summary>
    public static Settings ForResuming() => new(
        new Setting<long?>(
            NewOption.Whole<long>("--updates", $"Updates to make in all [default: {Preset.Default.OptionsFor(Shapes.Name).Budget} of shapes, else {Usual.Budget}]."),
            options => options.Budget.Updates, (options, value) => options with { Budget = TrainingBudget.OfUpdates(value!.Value) }),
        new Setting<long?>(
            NewOption.Whole<long>("--pictures", "Pictures to draw in all, in place of --updates."),
            options => options.Budget.Pictures, (options, value) => options with { Budget = TrainingBudget.OfPictures(value!.Value) }),
        new Setting<double?>(
            NewOption.Real<double>(
                "--minutes", "Minutes to train in all, in place of --updates; the learning rate's schedule ends with them."),
            options => options.Budget.Minutes, (options, value) => options with { Budget = TrainingBudget.OfMinutes(value!.Value) }),
        Threads(),
        new Setting<long?>(
            NewOption.Whole<long>(
                "--checkpoint-every", $"Updates between checkpoints [default: {Usual.CheckpointEvery}]."),
            options => options.CheckpointEvery, (options, value) => options with { CheckpointEvery = value!.Value }),
        new Setting<long?>(
            NewOption.Whole<long>(
                "--eval-every", $"Updates between evaluations on the test pictures [default: {Usual.EvalEvery}]."),
            options => options.EvalEvery, (options, value) => options with { EvalEvery = value!.Value }),
        DataDir());

    /// <summary>How large a model and its batches are: what the time of a step depends on.</summary>
    /// <param name="usual">What they are where nothing is said.</param>
    public static Settings ForBenchmark(TrainingOptions usual) =>
        new([Batch(usual.Batch), Size(usual.Size), .. ModelSizes(usual.Model), Threads()]);

    /// <summary>What makes a run the run it is.</summary>
    public static Settings ForStarting() => new(
    [
        Data(Usual.Data),
        Size(Usual.Size),
        Batch(Usual.Batch),
        new Setting<string?>(
            NewOption.Choice(
                "--optimizer", $"What moves the weights: Muon, or Adam; the seed's is adam with --weight-decay 0 [default: {Lower(Usual.Optimizer)}].",
                [.. Enum.GetValues<OptimizerKind>().Select(Lower)]),
            options => Lower(options.Optimizer),
            (options, value) => options with { Optimizer = Enum.Parse<OptimizerKind>(value!, ignoreCase: true) }),
        new Setting<float?>(
            NewOption.Real<float>("--lr", $"Learning rate of the optimizer [default: {Usual.LearningRate}]."),
            options => options.LearningRate, (options, value) => options with { LearningRate = value!.Value }),
        new Setting<long?>(
            NewOption.Whole<long>("--warmup", $"Updates in which the learning rate rises to --lr [default: {Usual.WarmUp}]."),
            options => options.WarmUp, (options, value) => options with { WarmUp = value!.Value }),
        new Setting<string?>(
            NewOption.Choice(
                "--schedule", $"How the learning rate goes on: it stays, or it falls to 0 along a cosine [default: {Lower(Usual.LearningRateShape)}].",
                [.. Enum.GetValues<LearningRateShape>().Select(Lower)]),
            options => Lower(options.LearningRateShape),
            (options, value) => options with { LearningRateShape = Enum.Parse<LearningRateShape>(value!, ignoreCase: true) }),
        new Setting<float?>(
            NewOption.Real<float>("--clip-norm", $"Norm that all gradients together are clipped at; 0 for none [default: {Usual.ClipNorm}]."),
            options => options.ClipNorm, (options, value) => options with { ClipNorm = value!.Value }),
        new Setting<float?>(
            NewOption.Real<float>("--weight-decay", $"Decoupled weight decay of every parameter, as AdamW's; 0 for none [default: {Usual.WeightDecay}]."),
            options => options.WeightDecay, (options, value) => options with { WeightDecay = value!.Value }),
        new Setting<double?>(
            NewOption.Real<double>(
                "--average", $"Decay of a running average of the weights, which is what is evaluated and kept; 0 for none [default: {Usual.AverageDecay}]."),
            options => options.AverageDecay, (options, value) => options with { AverageDecay = value!.Value }),
        new Setting<string?>(
            NewOption.Choice("--flips", $"Whether half of the pictures drawn are mirrored, left to right [default: {OnOff(Usual.Flips)}].", "on", "off"),
            options => OnOff(options.Flips), (options, value) => options with { Flips = value == "on" }),
        .. ModelSizes(Usual.Model),
        .. QuantizerSettings.All(),
        new Setting<ulong?>(
            NewOption.Whole<ulong>("--seed", $"What all random numbers follow from [default: {Usual.Seed}]."),
            options => options.Seed, (options, value) => options with { Seed = value!.Value }),
        new Setting<string?>(
            NewOption.Text("--init", "FILE", "Starts from the weights of this model file or run instead of random ones."),
            options => options.Init, (options, value) => options with { Init = Path.GetFullPath(value!) }),
        new Setting<string?>(
            NewOption.Text("--key", "NAME", "Which dict of the PyTorch file of --init holds the weights; needed only where several do."),
            options => options.InitKey, (options, value) => options with { InitKey = value }),
    ]);

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Setting setting in _settings) command.Options.Add(setting.Option);
    }

    /// <summary>The options with what the user gave.</summary>
    /// <exception cref="InputException">A value is out of its range; the message names the option.</exception>
    public TrainingOptions Apply(ParseResult parse, TrainingOptions options)
    {
        foreach (Setting setting in _settings) options = setting.Apply(parse, options);
        try
        {
            options.Validate();
        }
        catch (InputException e)
        {
            // The library's messages begin with the name of the value, which is that of the option.
            throw new InputException($"--{e.Message}", e);
        }
        return options;
    }

    /// <summary>The first of these options that differs between two runs, with its values; null if none does.</summary>
    public (string Name, object? First, object? Second)? FindDifference(TrainingOptions first, TrainingOptions second) =>
        _settings.Where(setting => !Equals(setting.Get(first), setting.Get(second)))
            .Select(setting =>
                ((string, object?, object?)?)(setting.Option.Name, setting.Get(first), setting.Get(second)))
            .FirstOrDefault();

    private static Setting[] Pictures(string usual, bool allowsNative) =>
        [Data(usual), DataDir(), Size("the run's own, else 32", allowsNative)];

    private static Setting<string?> Data(string usual) => new(
        NewOption.Text(
            DataName, "shapes|cifar10|FOLDER",
            "The pictures: shapes (the program makes them), cifar10, or a folder of picture files "
                + $"[default: {usual}]."),
        options => options.Data,
        (options, value) => options with
        {
            Data = PictureLoader.Name(value!),
            // What a run was trained at is no size that CIFAR-10 has; --size is applied after this.
            Size = value == Cifar10.Name ? Cifar10.Size : options.Size,
        });

    private static Setting[] ModelSizes(VqVaeOptions usual) =>
    [
        Model("--channels", "Channels of the pictures: 1 (grey) or 3 (red, green, blue)",
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
        Model("--lookup-dim", "Dimensions that codes are looked up in behind a linear map; 0 for D, without a map",
            usual, model => model.LookupDim, (model, value) => model with { LookupDim = value }),
    ];

    private static Setting<int?> Batch(int usual) => new(
        NewOption.Whole<int>("--batch", $"Pictures in a batch [default: {usual}]."),
        options => options.Batch, (options, value) => options with { Batch = value!.Value });

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>How a switch is written.</summary>
    public static string OnOff(bool value) => value ? "on" : "off";

    private static Setting<string?> DataDir() => new(
        NewOption.Text(
            "--data-dir", "DIR", "Where to look for CIFAR-10 first; it is downloaded to there if it is nowhere."),
        options => options.DataDir,
        (options, value) => options with { DataDir = Path.GetFullPath(value!) });

    private static Setting<PictureSize?> Size(object usual, bool allowsNative = false) => new(
        NewOption.Size(
            SizeName, $"Height and width to bring pictures to, multiples of {VqVae.PixelsPerCode}: a number, or two as 32x48"
                + (allowsNative ? "; native: as they are, cropped to the multiple" : "") + $" [default: {usual}].",
            allowsNative),
        options => options.Size,
        // Native is no size that a run can have: who allows it asks for it.
        (options, value) => value == PictureSize.Native ? options : options with { Size = value!.Value });

    private static Setting<int?> Threads() => new(
        NewOption.Whole<int>(
            "--threads",
            "Threads that share the work; no bit of a result depends on it [default: one per processor]."),
        options => options.Threads, (options, value) => options with { Threads = value });

    private static Setting<int?> Model(
        string name, string description, VqVaeOptions usual,
        Func<VqVaeOptions, int> get, Func<VqVaeOptions, int, VqVaeOptions> set) => new(
        NewOption.Whole<int>(name, $"{description} [default: {get(usual)}]."),
        options => get(options.Model), (options, value) => options with { Model = set(options.Model, value!.Value) });
}
