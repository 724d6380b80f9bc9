using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Rendering;
using Tessera.Data;
using Tessera.Priors;
using Tessera.Reporting;
using Tessera.Runs;
using Tessera.Tensors.Devices;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera prior</c>: trains the distribution over the codes of a tokenizer.</summary>
internal sealed class PriorCommand : TrainingCommand<PriorOptions>
{
    // A rise of the test nats that is no noise between two evaluations.
    private const double NotableRise = 0.005;

    private readonly ModelSource _model = new();

    public PriorCommand(Invocation invocation) : base(
        invocation, "prior",
        "Trains a prior: the distribution over the codes of images, from which new images are drawn. The "
            + "tokenizer does not change. Ctrl-C writes a checkpoint, then stops.",
        $"A new folder for the prior's run, or with --resume the folder of the run to continue "
            + $"[default: {PriorRun.FolderName} in the folder RUN].",
        "tessera prior runs/cifar",
        "tessera prior runs/cifar --minutes 60 --width 192 --heads 6 --out runs/cifar-prior",
        "tessera prior model.safetensors --data cifar10 --out runs/cifar-prior",
        "tessera prior runs/cifar --resume")
    {
        _model.AddTo(this);
        AddOptions();
    }

    public override SettingGroup<PriorOptions> Starting { get; } = PriorSettings.ForStarting();

    public override SettingGroup<PriorOptions> Resuming { get; } = PriorSettings.ForResuming();

    public override SettingGroup<PriorOptions> Budget { get; } = PriorSettings.ForBudget();

    protected override void Run(ParseResult parse)
    {
        (string? path, bool resume) = Target(parse);
        path ??= DefaultPath(parse);
        // Before models and images are read, so that a wrong option is reported at once.
        PriorOptions options = resume ? OptionsToResume(parse, path) : OptionsToStart(parse);
        if (!resume && Invocation.IsFirst) RunFolder.CheckFree(path);
        using Device device = CreateDevice(options);
        using TrainedModel trained = _model.Open(parse, Invocation.Error, device);
        string hash = PriorFile.HashOf(trained.Path);
        if (resume && hash != options.TokenizerHash)
            throw new InputException(
                $"the prior in {path} was trained beside another tokenizer than {trained.Path}; start a new "
                + "one in another folder with --out");

        TrainingOptions source = Source(parse, options, trained, resume);
        (PriorRun run, CodeSet train, CodeSet test) = resume
            ? Resume(PriorRun.Open(path), options, source, trained)
            : Create(parse, path, options with { TokenizerHash = hash }, source, trained);
        int cell = trained.Model.Options.PixelsPerCode;
        (PriorLearner learner, Trainer trainer) =
            Start(run, isNew: !resume, () => new PriorLearner(run, train, test, cell, device, Invocation.Ranks));
        using (learner)
        using (trainer)
        {
            PrintStart(trainer, learner, path, train, test);
            string command = $"tessera prior {InputHints.Quoted(_model.Given(parse))} --resume --out "
                + InputHints.Quoted(path);
            new TrainingSession(Invocation, run, command).Run(
                trainer, bar => new PriorDisplay(Invocation.Output, bar, learner));
            if (!Invocation.IsFirst) return;
            Invocation.Output.Table(PriorDisplay.Rows(learner.Evaluation!));
            PrintIfOverfit(run);
        }
        Invocation.Output.Line("next:");
        Invocation.Output.Line($"  {NextCommand(parse, path, run.Options.Model)}");
        Invocation.Output.Line($"the report shows the prior: {ReportCommand(parse, path, trained)}");
    }

    private string DefaultPath(ParseResult parse)
    {
        string run = _model.Given(parse);
        _model.CheckHasFolder(parse, "the prior");
        if (Directory.Exists(run)) return ImageSampler.FolderOf(run);
        if (File.Exists(run)) throw new InputException($"{run} is no folder; name one for the prior with --out");
        throw new InputException($"there is no run, checkpoint or model file {run}; check the path");
    }

    protected override PriorOptions OptionsToStart(ParseResult parse) => ApplyAll(parse, PriorOptions.Default);

    protected override PriorOptions OptionsToResume(ParseResult parse, string path)
    {
        PriorRun run = PriorRun.Open(path);
        return OptionsToResume(parse, run, run.Options, run.Options);
    }

    /// <summary>What says which images are loaded: by default those of the tokenizer's run.</summary>
    private TrainingOptions Source(ParseResult parse, PriorOptions options, TrainedModel trained, bool resume)
    {
        TrainingOptions own = trained.Options ?? new TrainingOptions();
        if (options.Data.Length == 0 && trained.Options is null)
            throw new InputException($"{trained.Path} does not record its training images; name images with --data");
        bool hasSize = resume || parse.IsGiven(Options.Single(option => option.Name == Settings.SizeName));
        return own with
        {
            Model = trained.Model.Options,
            Data = options.Data.Length > 0 ? options.Data : own.Data,
            DataDir = options.DataDir ?? own.DataDir,
            Cache = options.Cache ?? own.Cache,
            Size = hasSize ? options.Size : own.Size,
        };
    }

    private (PriorRun Run, CodeSet Train, CodeSet Test) Create(
        ParseResult parse, string path, PriorOptions options, TrainingOptions source, TrainedModel trained)
    {
        bool isOwn = trained.Options?.Data == source.Data;
        var loader = new ImageLoader(Invocation.Output, parse.GetValue(SkipDamaged), Invocation.Cancellation)
        {
            Skipped = isOwn ? trained.Run!.ReadSkipped() : [],
        };
        (ImageSet train, ImageSet test) = Load(loader, source);
        options = ForImages(options, source, trained, train);
        // Encoded first, so that an interruption leaves no run folder without a model.
        (CodeSet Train, CodeSet Test) codes = Encode(trained, train, test, options.Flips);
        PriorRun run = FirstThenOthers(
            () => PriorRun.Create(path, options, loader.Skipped), () => PriorRun.Join(path, options));
        return (run, codes.Train, codes.Test);
    }

    private (PriorRun Run, CodeSet Train, CodeSet Test) Resume(
        PriorRun run, PriorOptions options, TrainingOptions source, TrainedModel trained)
    {
        var loader = new ImageLoader(Invocation.Output, skipsDamaged: false, Invocation.Cancellation)
        {
            Skipped = run.ReadSkipped(),
        };
        (ImageSet train, ImageSet test) = LoadAgain(() => Load(loader, source));
        if (options.Model.Classes.Count > 0 && !options.Model.Classes.SequenceEqual(train.ClassNames))
            throw new InputException(
                $"the classes of {train.Name} are no longer those that the run in {run.Path} began with: "
                + $"{string.Join(", ", options.Model.Classes)}; restore the folders, or start a new run");
        (CodeSet Train, CodeSet Test) codes = Encode(trained, train, test, options.Flips);
        run = FirstThenOthers(() => run.WithOptions(options), () => PriorRun.Join(run.Path, options));
        return (run, codes.Train, codes.Test);
    }

    private (CodeSet Train, CodeSet Test) Encode(TrainedModel trained, ImageSet train, ImageSet test, bool flips) =>
        (Encode(trained, train, flips), Encode(trained, test, flips: false));

    private CodeSet Encode(TrainedModel trained, ImageSet images, bool flips) => Invocation.Output.WithBar(bar =>
    {
        int all = flips ? 2 * images.Count : images.Count;
        var progress = new ImmediateProgress<int>(
            done => bar.Report(new BarState((double)done / all, $"encoding images: {done} of {all}")));
        return CodeSet.Encode(
            trained.Model, images, flips, progress, Invocation.Ranks, Invocation.Cancellation);
    });

    private static PriorOptions ForImages(
        PriorOptions options, TrainingOptions source, TrainedModel trained, ImageSet images)
    {
        int cell = trained.Model.Options.PixelsPerCode;
        return options with
        {
            Model = options.Model with
            {
                Codes = trained.Model.Options.Codes,
                Rows = images.Height / cell,
                Columns = images.Width / cell,
                CodesPerCell = trained.Model.Options.Cell.Codes,
                Classes = options.UsesClasses && images.ClassNames.Count > 1 ? [.. images.ClassNames] : [],
            },
            Data = source.Data,
            DataDir = source.DataDir,
            Size = source.Size,
        };
    }

    private void PrintStart(Trainer trainer, PriorLearner learner, string path, CodeSet train, CodeSet test)
    {
        PriorOptions options = learner.Run.Options;
        CodePriorOptions model = options.Model;
        Invocation.Output.Line(
            $"data:   {options.Data}: {train.Count} images to train on{(options.Flips ? " and mirrored" : "")}, "
            + $"{test.Count} to test on, {model.Rows}x{model.Columns} "
            + (model.CodesPerCell == 1 ? "" : $"cells of {model.CodesPerCell} ") + $"codes of {model.Codes}, "
            + (model.Classes.Count > 0 ? $"{model.Classes.Count} classes" : "no classes"));
        Invocation.Output.Line(
            $"model:  {learner.Model.ParameterCount} parameters, {model.Layers} blocks of width {model.Width}, "
            + $"{model.Heads} heads");
        PrintRun(trainer, learner, path);
    }

    /// <summary>Says if the prior predicted test images better before the end.</summary>
    private void PrintIfOverfit(PriorRun run)
    {
        (long Update, double Nats)[] all = [.. run.Evaluations("nats")];
        if (all.Length == 0) return;
        (long Update, double Nats) best = all.MinBy(evaluation => evaluation.Nats);
        if (all[^1].Nats < best.Nats + NotableRise) return;
        Invocation.Output.Line(
            $"the test nats rose from {best.Nats:0.0000} after update {best.Update}: the prior overfits its training "
            + "images; train less, or with more --dropout, a smaller --width or more images");
    }

    private string NextCommand(ParseResult parse, string path, CodePriorOptions model)
    {
        string command = WithPrior("sample", parse, path);
        if (model.Classes.Count > 0) command += $" --class {InputHints.Quoted(model.Classes[0])}";
        return $"{command} --out samples.png";
    }

    private string ReportCommand(ParseResult parse, string path, TrainedModel trained)
    {
        string command = WithPrior("report", parse, path);
        return trained.Path == trained.Run?.ModelPath ? command : $"{command} --out {Report.FolderName}";
    }

    /// <summary>A command that reads the run and its prior.</summary>
    private string WithPrior(string name, ParseResult parse, string path)
    {
        string command = $"tessera {name} {InputHints.Quoted(_model.Given(parse))}";
        return path == ImageSampler.FolderOf(_model.Path(parse))
            ? command
            : $"{command} --prior {InputHints.Quoted(path)}";
    }
}
