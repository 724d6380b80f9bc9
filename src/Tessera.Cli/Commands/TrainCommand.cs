using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Rendering;
using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Features;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Reporting;
using Tessera.Runs;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Optim;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera train</c>: starts a run, or resumes one.</summary>
internal sealed class TrainCommand : TrainingCommand<TrainingOptions>
{
    private const int ShownImages = 32;

    private readonly Option<string?> _preset = NewOption.Choice(
        "--preset",
        "Default values of the other options: "
            + string.Join("; ", Preset.All.Select(preset => $"{preset.Name} ({preset.Summary})"))
            + $" [default: {Preset.Default.Name}].",
        [.. Preset.All.Select(preset => preset.Name)], Preset.FormerNames);
    private readonly Option<bool> _noReport = NewOption.Flag(
        "--no-report", "Skips the report at the end of the run; tessera report can write it later.");

    public TrainCommand(Invocation invocation) : base(
        invocation, "train",
        "Trains a VQ-VAE, by default on images that the program generates. Ctrl-C writes a checkpoint, then stops.",
        "A new folder for the run, or with --resume the folder of the run to continue "
            + "[default: runs/NAME-1, runs/NAME-2, ...; NAME follows from --data].",
        "tessera train",
        "tessera train --data images --size 64 --out runs/images",
        "tessera train --data images.tpk --out runs/images",
        "tessera train --data images --size 256 --stride 8 --groupnorm 32 --attention 4 --out runs/large",
        "tessera train --data images --size 64 --top on --commitment 0.25 --out runs/two-levels",
        "tessera train --data cifar10 --data-dir data --minutes 60 --flips on --out runs/cifar",
        "tessera train --data cifar10 --data-dir data --preset reference --updates 2000",
        "tessera train --data cifar10 --perceptual 0.05 --features runs/classifier --out runs/sharp",
        "mpirun -n 4 tessera train --data cifar10 --out runs/cifar",
        "tessera train --resume --out runs/cifar")
    {
        Options.Add(_preset);
        AddOptions();
        Options.Add(_noReport);
    }

    public override SettingGroup<TrainingOptions> Starting { get; } = Settings.ForStarting();

    public override SettingGroup<TrainingOptions> Resuming { get; } = Settings.ForResuming();

    public override SettingGroup<TrainingOptions> Budget { get; } = Settings.ForBudget();

    protected override void Run(ParseResult parse)
    {
        (string? path, bool resume) = Target(parse);
        if (resume && path is null)
            throw new InputException("--resume needs the folder of the run; name it with --out");
        TrainingOptions options = resume ? OptionsToResume(parse, path!) : OptionsToStart(parse);
        if (!resume) WarnOfCollapse(options.Model);
        path ??= OfFirst(() => FreePath(options.Data));
        if (!resume && Invocation.IsFirst) RunFolder.CheckFree(path);
        // Before images are read and before config.json changes: the device may be unknown.
        using Device device = CreateDevice(options);
        using FeatureNetwork? features = resume ? null : FeatureSource.Read(options.Loss);
        // A resumed run uses the same images as before: it leaves out those left out at its start, and no others.
        var loader = new ImageLoader(
            Invocation.Output, parse.GetValue(SkipDamaged), Invocation.Cancellation)
        {
            Skipped = resume ? TokenizerRun.Open(path).ReadSkipped() : [],
        };
        (ImageSet train, ImageSet test) = resume
            ? LoadAgain(() => Load(loader, options))
            : Load(loader, options);
        TokenizerRun run = FirstThenOthers(
            () => resume
                ? TokenizerRun.Open(path).WithOptions(options)
                : TokenizerRun.Create(path, options, loader.Skipped, features),
            () => TokenizerRun.Join(path, options));
        (TokenizerLearner learner, Trainer trainer) =
            Start(run, isNew: !resume, () => new TokenizerLearner(run, train, test, device, Invocation.Ranks));
        using (learner)
        using (trainer)
        {
            PrintStart(trainer, learner, path, train, test);
            new TrainingSession(Invocation, run, $"tessera train --resume --out {InputHints.Quoted(path)}").Run(
                trainer, bar => new TokenizerDisplay(Invocation.Output, bar, learner));
            if (!Invocation.IsFirst) return;
            PrintEvaluation(learner, path, test);
            if (!parse.GetValue(_noReport)) WriteReport(learner, path, train, test);
        }
        PrintNext(path);
    }

    /// <summary>Warns where a top level of codes was seen to end with one code.</summary>
    private void WarnOfCollapse(VqVaeOptions model)
    {
        if (model is { Cell.Top: true, GroupNorm: 0, Quantizer: CodebookOptions quantizer }
            && quantizer is not { Entropy: > 0, Commitment: <= 0.25f })
            Invocation.Output.Line(
                "warning: the top level may end with a single code; --commitment 0.25 with --entropy 0.01 keeps its "
                + "codes in use");
    }

    protected override TrainingOptions OptionsToStart(ParseResult parse)
    {
        if (IsGiven(parse, Settings.KeyName) && !IsGiven(parse, Settings.InitName))
            throw new InputException(
                $"{Settings.KeyName} names a state dict in the file of {Settings.InitName}; give that too, or leave "
                + $"{Settings.KeyName} out");
        Preset preset = Preset.Find(parse.GetValue(_preset) ?? Preset.Default.Name);
        TrainingOptions recipe = preset.OptionsFor(Starting.Apply(parse, preset.Options).Data);
        TrainingOptions options = ApplyToStart(parse, recipe);
        CheckCodes(parse, options.Model);
        if (options.Init is not { } init) return options;
        // The weights set the sizes of the model. A size option that differs is refused when the weights are read.
        StoredModel stored = ModelFile.Read(init, key: options.InitKey);
        ModelSource.ReportLeftOut(stored.Origin, Invocation.Error);
        recipe = recipe with { Model = recipe.Model.WithSizesOf(stored.Model.Options) };
        return ApplyToStart(parse, recipe);
    }

    /// <summary>
    /// Options with all that the user gave. The temperature of gumbel falls in half of a run whose updates are known:
    /// a run that ended before its codes are nearly decided would not evaluate what it trained.
    /// </summary>
    private TrainingOptions ApplyToStart(ParseResult parse, TrainingOptions recipe)
    {
        TrainingOptions options = ApplyAll(parse, recipe);
        if (options.Model.Quantizer is not GumbelQuantizerOptions gumbel
            || IsGiven(parse, EntropySettings.TemperatureUpdatesName)
            || options.Budget.UpdatesFor(options.Batch) is not { } updates)
            return options;
        int half = (int)Math.Clamp(updates / 2, 1, int.MaxValue);
        return QuantizerSettings.With(options, _ => gumbel with { TemperatureUpdates = half });
    }

    /// <summary>Checks that the levels of fsq give as many codes as the user asked for.</summary>
    private void CheckCodes(ParseResult parse, VqVaeOptions model)
    {
        var codes = (Option<int?>)Options.Single(option => option.Name == Settings.CodesName);
        if (model.Quantizer is FiniteScalarQuantizerOptions { Levels.Count: > 0 } rounded
            && parse.GetValue(codes) is { } wanted && wanted != model.Codes)
            throw new InputException(
                $"--levels {string.Join(",", rounded.Levels)} gives {model.Codes} codes, not {wanted}; leave "
                + $"{Settings.CodesName} out, or choose other levels");
    }

    protected override TrainingOptions OptionsToResume(ParseResult parse, string path)
    {
        TokenizerRun run = TokenizerRun.Open(path);
        TrainingOptions own = run.Options;
        TrainingOptions start =
            parse.GetValue(_preset) is { } preset ? WithRecipe(own, Preset.Find(preset).OptionsFor(own.Data)) : own;
        // The length of its first budget set when the temperature stops falling.
        if (own.Model.Quantizer is GumbelQuantizerOptions
            && Starting.Apply(parse, start).Model.Quantizer is GumbelQuantizerOptions)
            start = QuantizerSettings.With(start, _ => own.Model.Quantizer);
        if (own.Init is null && IsGiven(parse, Settings.KeyName))
            throw new InputException(
                $"{Settings.KeyName}: the run in {path} began with random weights; leave the option out");
        return OptionsToResume(parse, run, own, start);
    }

    private bool IsGiven(ParseResult parse, string name) =>
        parse.IsGiven(Options.Single(option => option.Name == name));

    private static TrainingOptions WithRecipe(TrainingOptions run, TrainingOptions preset) => preset with
    {
        Model = preset.Model with { Channels = run.Model.Channels },
        Data = run.Data,
        Size = run.Size,
        Seed = run.Seed,
        Loss = run.Loss,
        Init = run.Init,
        InitKey = run.InitKey,
    };

    private static string FreePath(string data)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(data));
        if (ImageStore.IsStore(name)) name = Path.GetFileNameWithoutExtension(name);
        if (name.Length == 0) name = "images";
        return Enumerable.Range(1, int.MaxValue)
            .Select(number => Path.Combine("runs", $"{name}-{number}"))
            .First(path => !Directory.Exists(path) && !File.Exists(path));
    }

    private void PrintStart(
        Trainer trainer, TokenizerLearner learner, string path, ImageSet train, ImageSet test)
    {
        TrainingOptions options = learner.Run.Options;
        Invocation.Output.Line(
            $"data:   {options.Data}: {train.Count} images to train on, {test.Count} to test on, "
            + $"{train.Height}x{train.Width}x{train.Channels}, data variance {learner.DataVariance:0.0000}");
        Invocation.Output.Line(
            $"model:  {learner.Model.ParameterCount} parameters, {InfoCommand.Describe(learner.Model)}");
        PrintRun(
            trainer, learner, path,
            options.LearningRateShape == LearningRateShape.Cosine
                ? $"start a new run from its weights with --init {InputHints.Quoted(path)}"
                : "train longer with --updates, --images or --minutes");
    }

    private void PrintEvaluation(TokenizerLearner learner, string path, ImageSet test)
    {
        string image = Path.Combine(path, "reconstructions.png");
        ImageFile.WritePng(
            image,
            ReconstructionGrid.Make(learner.Model, test.First(ShownImages), Invocation.Cancellation).Image);
        Invocation.Output.Table(EvaluationText.Rows(learner.Evaluation!));
        Invocation.Output.Line($"test images beside their reconstructions: {image}");
    }

    /// <summary>Writes the report. The run is complete by then: an interruption loses only the report.</summary>
    private void WriteReport(TokenizerLearner learner, string path, ImageSet train, ImageSet test)
    {
        try
        {
            using TrainedModel trained = TrainedModel.Open(path, learner.Device);
            using PriorSubject? prior = OptionalPrior.ForReport(path, trained, named: null, Invocation.Error);
            var subject = new ReportSubject(ReportDisplay.TitleOf(trained), trained, test, Split.Test, train)
            {
                Prior = prior,
            };
            string page = ReportDisplay.Write(
                Invocation.Output, subject, Path.Combine(path, Report.FolderName), Invocation.Cancellation);
            Invocation.Output.Line($"all figures on one page: {page}");
        }
        catch (OperationCanceledException)
        {
            Invocation.Output.Line(
                $"the run is finished; write its report with: tessera report {InputHints.Quoted(path)}");
            throw;
        }
    }

    private void PrintNext(string path)
    {
        Invocation.Output.Line("next:");
        Invocation.Output.Line($"  tessera eval {InputHints.Quoted(path)} --split train");
        Invocation.Output.Line($"  tessera reconstruct {InputHints.Quoted(path)} --count 64 --out more.png");
    }
}
