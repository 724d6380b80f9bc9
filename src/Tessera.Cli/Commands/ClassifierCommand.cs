using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Rendering;
using Tessera.Data;
using Tessera.Features;
using Tessera.Models;
using Tessera.Runs;
using Tessera.Tensors.Devices;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera classifier</c>: trains a classifier on the labels of images, for its features.</summary>
internal sealed class ClassifierCommand : TrainingCommand<ClassifierOptions>
{
    public ClassifierCommand(Invocation invocation) : base(
        invocation, "classifier",
        "Trains a small classifier on the labels of images. Its features see sharpness, which a squared error does "
            + "not: tessera train --perceptual compares images by them. Ctrl-C writes a checkpoint, then stops.",
        "A new folder for the run, or with --resume the folder of the run to continue.",
        "tessera classifier --data cifar10 --out runs/classifier",
        "tessera classifier --data photos --size 64 --minutes 30 --out runs/classifier",
        "tessera train --data cifar10 --perceptual 0.05 --features runs/classifier",
        "tessera classifier --resume --out runs/classifier") => AddOptions();

    public override SettingGroup<ClassifierOptions> Starting { get; } = ClassifierSettings.ForStarting();

    public override SettingGroup<ClassifierOptions> Resuming { get; } = ClassifierSettings.ForResuming();

    public override SettingGroup<ClassifierOptions> Budget { get; } = ClassifierSettings.ForBudget();

    protected override void Run(ParseResult parse)
    {
        (string? path, bool resume) = Target(parse);
        if (path is null) throw new InputException("--out is missing; name a folder for the run");
        // Before images are read, so that a wrong option is reported at once.
        ClassifierOptions options = resume ? OptionsToResume(parse, path) : OptionsToStart(parse);
        if (!resume && Invocation.IsFirst) RunFolder.CheckFree(path);
        using Device device = CreateDevice(options);
        var loader = new ImageLoader(Invocation.Output, parse.GetValue(SkipDamaged), Invocation.Cancellation)
        {
            Skipped = resume ? ClassifierRun.Open(path).ReadSkipped() : [],
        };
        var source = new TrainingOptions
        {
            Model = new VqVaeOptions { Channels = options.Model.Channels },
            Data = options.Data,
            DataDir = options.DataDir,
            Cache = options.Cache,
            Size = options.Size,
        };
        (ImageSet train, ImageSet test) = resume
            ? LoadAgain(() => Load(loader, source))
            : Load(loader, source);
        ClassifierRun run = FirstThenOthers(
            () => resume
                ? ClassifierRun.Open(path).WithOptions(options)
                : ClassifierRun.Create(path, ForImages(options, train), loader.Skipped),
            () => ClassifierRun.Join(path, resume ? options : ForImages(options, train)));
        (ClassifierLearner learner, Trainer trainer) =
            Start(run, isNew: !resume, () => new ClassifierLearner(run, train, test, device, Invocation.Ranks));
        using (learner)
        using (trainer)
        {
            PrintStart(trainer, learner, path, train, test);
            new TrainingSession(Invocation, run, $"tessera classifier --resume --out {InputHints.Quoted(path)}").Run(
                trainer, bar => new ClassifierDisplay(Invocation.Output, bar, learner));
            if (!Invocation.IsFirst) return;
            Invocation.Output.Table(ClassifierDisplay.Rows(learner.Evaluation!));
        }
        Invocation.Output.Line("next:");
        Invocation.Output.Line(
            $"  tessera train --data {InputHints.Quoted(options.Data)} --perceptual 0.05 "
            + $"--features {InputHints.Quoted(path)}");
    }

    // The classes are those of the images, which are read later.
    private static ClassifierOptions Unnamed => ClassifierOptions.Default with
    {
        Model = ClassifierOptions.Default.Model with { Classes = ["", ""] },
    };

    protected override ClassifierOptions OptionsToStart(ParseResult parse) => ApplyAll(parse, Unnamed);

    protected override ClassifierOptions OptionsToResume(ParseResult parse, string path)
    {
        ClassifierRun run = ClassifierRun.Open(path);
        return OptionsToResume(parse, run, run.Options, run.Options);
    }

    private static ClassifierOptions ForImages(ClassifierOptions options, ImageSet images)
    {
        if (images.ClassNames.Count < 2)
            throw new InputException(
                $"{images.Name} has one class only; a classifier needs images in at least two folders");
        return options with { Model = options.Model with { Classes = [.. images.ClassNames] } };
    }

    private void PrintStart(Trainer trainer, ClassifierLearner learner, string path, ImageSet train, ImageSet test)
    {
        ClassifierOptions options = learner.Run.Options;
        Invocation.Output.Line(
            $"data:   {options.Data}: {train.Count} images to train on, {test.Count} to test on, "
            + $"{train.Height}x{train.Width}x{train.Channels}, {train.ClassNames.Count} classes");
        Invocation.Output.Line(
            $"model:  {learner.Model.ParameterCount} parameters, three stages of {options.Model.Convolutions} "
            + $"convolutions, width {options.Model.Width}");
        PrintRun(trainer, learner, path);
    }
}
