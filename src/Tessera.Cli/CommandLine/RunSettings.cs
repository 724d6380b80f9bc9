using System.CommandLine;
using Tessera.Runs;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Optim;

namespace Tessera.Cli.CommandLine;

/// <summary>
/// The options that every training command has: length, batch, optimizer, schedule, device, checkpoints. A command adds
/// its own beside them.
/// </summary>
/// <typeparam name="TOptions">The options of the command's runs.</typeparam>
internal static class RunSettings<TOptions> where TOptions : RunOptions
{
    /// <summary>The options for the length of a run; they exclude each other.</summary>
    /// <param name="usual">The default length, as text.</param>
    public static Setting<TOptions>[] Budget(string usual) =>
    [
        new Setting<TOptions, long?>(
            NewOption.Integer<long>("--updates", $"Updates to train in total [default: {usual}]."),
            options => options.Budget.Updates,
            (options, value) => options with { Budget = TrainingBudget.OfUpdates(value!.Value) }),
        new Setting<TOptions, long?>(
            NewOption.Integer<long>(
                "--images", "Training images to draw in total, instead of --updates.", "--pictures"),
            options => options.Budget.Images,
            (options, value) => options with { Budget = TrainingBudget.OfImages(value!.Value) }),
        new Setting<TOptions, double?>(
            NewOption.Number<double>(
                "--minutes",
                "Minutes to train in total, instead of --updates; the result then depends on the machine's speed."),
            options => options.Budget.Minutes,
            (options, value) => options with { Budget = TrainingBudget.OfMinutes(value!.Value) }),
    ];

    /// <summary>How often a run is saved and evaluated.</summary>
    /// <param name="usual">The default options.</param>
    /// <param name="usualEvaluations">The default number of updates between evaluations, as text.</param>
    public static Setting<TOptions>[] Saving(RunOptions usual, string usualEvaluations) =>
    [
        new Setting<TOptions, long?>(
            NewOption.Integer<long>(
                "--checkpoint-every", $"Updates between checkpoints [default: {usual.CheckpointEvery}]."),
            options => options.CheckpointEvery, (options, value) => options with { CheckpointEvery = value!.Value }),
        new Setting<TOptions, long?>(
            NewOption.Integer<long>(
                "--eval-every", $"Updates between evaluations on the test split [default: {usualEvaluations}]."),
            options => options.EvalEvery, (options, value) => options with { EvalEvery = value!.Value }),
    ];

    /// <summary>The device, its precision and its threads.</summary>
    public static Setting<TOptions>[] Computing() =>
    [
        new Setting<TOptions, string?>(
            DeviceOption(),
            options => options.Device, (options, value) => options with { Device = value! }),
        new Setting<TOptions, string?>(
            NewOption.Choice(
                "--precision",
                "How a GPU multiplies; sums and weights are float32. auto: TF32 where the GPU has it. The processor "
                    + $"multiplies in float32 [default: {Lower(Precision.Auto)}].",
                [.. Enum.GetValues<Precision>().Select(Lower)]),
            options => Lower(options.Precision),
            (options, value) => options with { Precision = Enum.Parse<Precision>(value!, ignoreCase: true) }),
        new Setting<TOptions, int?>(
            NewOption.Integer<int>(
                "--threads",
                "Threads to compute with; their number does not change the computed values "
                    + "[default: one per processor]."),
            options => options.Threads, (options, value) => options with { Threads = value }),
    ];

    /// <summary>Images in a batch.</summary>
    /// <param name="usual">The default.</param>
    public static Setting<TOptions> Batch(int usual) => new Setting<TOptions, int?>(
        NewOption.Integer<int>("--batch", $"Images in a batch [default: {usual}]."),
        options => options.Batch, (options, value) => options with { Batch = value!.Value });

    /// <summary>The optimizer and its schedule.</summary>
    /// <param name="usual">The default options.</param>
    public static Setting<TOptions>[] Optimizing(RunOptions usual) =>
    [
        new Setting<TOptions, string?>(
            NewOption.Choice(
                "--optimizer",
                "Optimizer of the weights: adam, or muon for the convolution kernels and adam for the rest "
                    + $"[default: {Lower(usual.Optimizer)}].",
                [.. Enum.GetValues<OptimizerKind>().Select(Lower)]),
            options => Lower(options.Optimizer),
            (options, value) => options with { Optimizer = Enum.Parse<OptimizerKind>(value!, ignoreCase: true) }),
        new Setting<TOptions, float?>(
            NewOption.Number<float>("--lr", $"Learning rate, after the warm-up [default: {usual.LearningRate}]."),
            options => options.LearningRate, (options, value) => options with { LearningRate = value!.Value }),
        new Setting<TOptions, long?>(
            NewOption.Integer<long>(
                "--warmup",
                $"Updates over which the learning rate rises linearly to --lr; 0 for none [default: {usual.WarmUp}]."),
            options => options.WarmUp, (options, value) => options with { WarmUp = value!.Value }),
        new Setting<TOptions, string?>(
            NewOption.Choice(
                "--schedule",
                "Learning rate over the run: constant, or a cosine that falls to 0 at its end "
                    + $"[default: {Lower(usual.LearningRateShape)}].",
                [.. Enum.GetValues<LearningRateShape>().Select(Lower)]),
            options => Lower(options.LearningRateShape),
            (options, value) => options with
            {
                LearningRateShape = Enum.Parse<LearningRateShape>(value!, ignoreCase: true),
            }),
        new Setting<TOptions, float?>(
            NewOption.Number<float>(
                "--clip-norm",
                "Largest norm of all gradients together; larger ones are scaled down to it; 0 for no limit "
                    + $"[default: {usual.ClipNorm}]."),
            options => options.ClipNorm, (options, value) => options with { ClipNorm = value!.Value }),
        new Setting<TOptions, float?>(
            NewOption.Number<float>(
                "--weight-decay",
                $"Decoupled weight decay of all parameters, as in AdamW; 0 for none [default: {usual.WeightDecay}]."),
            options => options.WeightDecay, (options, value) => options with { WeightDecay = value!.Value }),
        new Setting<TOptions, double?>(
            NewOption.Number<double>(
                "--average",
                "Decay of a running average of the weights; evaluations and saved models use the average; 0 for none "
                    + $"[default: {usual.AverageDecay}]."),
            options => options.AverageDecay, (options, value) => options with { AverageDecay = value!.Value }),
    ];

    /// <summary>The seed.</summary>
    /// <param name="usual">The default.</param>
    public static Setting<TOptions> Seed(ulong usual) => new Setting<TOptions, ulong?>(
        NewOption.Integer<ulong>("--seed", $"Seed of all random numbers [default: {usual}]."),
        options => options.Seed, (options, value) => options with { Seed = value!.Value });

    // Not a choice of words: a name can have a number, such as cpu:0. CreateDevice refuses unknown names.
    private static Option<string?> DeviceOption()
    {
        Option<string?> option = NewOption.Text(
            "--device", string.Join('|', Device.Names),
            $"Device to compute on; {Device.Auto}: the first GPU that computes right, else the processor "
                + $"[default: {Device.Auto}].");
        option.CompletionSources.Add([.. Device.Names]);
        return option;
    }

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
