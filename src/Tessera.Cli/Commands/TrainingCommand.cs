using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary>A command that starts a training run or resumes one.</summary>
/// <typeparam name="TOptions">The options of its runs.</typeparam>
internal abstract class TrainingCommand<TOptions> : TesseraCommand where TOptions : RunOptions
{
    private readonly Option<bool> _resume;
    private readonly Option<string?> _out;

    /// <summary>Creates the command; the derived class adds its options with <see cref="AddOptions"/>.</summary>
    /// <param name="invocation">The streams and the cancellation.</param>
    /// <param name="name">The name that the user types.</param>
    /// <param name="description">The description in the help.</param>
    /// <param name="outDescription">The description of <c>--out</c>.</param>
    /// <param name="examples">Example command lines for the help.</param>
    protected TrainingCommand(
        Invocation invocation, string name, string description, string outDescription, params string[] examples)
        : base(invocation, name, description, examples)
    {
        _out = NewOption.Text("--out", "DIR", outDescription);
        _resume = NewOption.Flag(
            "--resume", "Continues the run in --out from its newest checkpoint, with its own options.");
    }

    /// <inheritdoc/>
    protected override bool RunsOnRanks => true;

    /// <summary>The options that the result of a run depends on; they are fixed when it starts.</summary>
    public abstract SettingGroup<TOptions> Starting { get; }

    /// <summary>The other options that a resumed run can change.</summary>
    public abstract SettingGroup<TOptions> Resuming { get; }

    /// <summary>The options for the length of a run.</summary>
    public abstract SettingGroup<TOptions> Budget { get; }

    /// <summary>Checks the arguments of a run to start or to resume, and starts nothing.</summary>
    /// <returns>The options that the run would have.</returns>
    /// <exception cref="InputException">One of them is wrong.</exception>
    public TOptions Check(IReadOnlyList<string> arguments)
    {
        ParseResult parse = CommandLineCheck.Parse(this, arguments);
        CommandLineCheck.ThrowIfWrong(parse, arguments);
        (string? path, bool resume) = Target(parse);
        return resume && path is not null ? OptionsToResume(parse, path) : OptionsToStart(parse);
    }

    /// <summary>The options of a new run.</summary>
    /// <exception cref="InputException">One of them is wrong.</exception>
    protected abstract TOptions OptionsToStart(ParseResult parse);

    /// <summary>The options of the run in a folder, with the changes that the user gave.</summary>
    /// <exception cref="InputException">One of them is wrong, or cannot change.</exception>
    protected abstract TOptions OptionsToResume(ParseResult parse, string path);

    /// <summary>Leaves out damaged images.</summary>
    protected Option<bool> SkipDamaged { get; } = NewOption.SkipDamaged();

    /// <summary>Adds the options of every training command.</summary>
    protected void AddOptions()
    {
        Starting.AddTo(this);
        Budget.AddTo(this);
        Resuming.AddTo(this);
        Options.Add(SkipDamaged);
        Options.Add(_out);
        Options.Add(_resume);
    }

    /// <summary>The folder that the user named, and whether its run is resumed.</summary>
    /// <exception cref="InputException">The options exclude each other.</exception>
    protected (string? Out, bool Resume) Target(ParseResult parse)
    {
        // The options --updates, --images and --minutes exclude each other.
        string[] given = [.. GivenBudgets(parse).Select(option => option.Name)];
        if (given.Length > 1)
            throw new InputException($"{string.Join(" and ", given)}: each sets the length of a run; give only one");
        bool resume = parse.GetValue(_resume);
        if (resume && parse.GetValue(SkipDamaged))
            throw new InputException(
                $"{SkipDamaged.Name}: a resumed run keeps the images that it began with; leave the option out");
        return (parse.GetValue(_out), resume);
    }

    /// <summary>Options with all that the user gave.</summary>
    protected TOptions ApplyAll(ParseResult parse, TOptions options) =>
        Budget.Apply(parse, Resuming.Apply(parse, Starting.Apply(parse, options)));

    /// <summary>
    /// A run's own options, with the changes that the user gave. Only options that do not affect its result so far can
    /// change.
    /// </summary>
    /// <param name="parse">The command line.</param>
    /// <param name="run">The run.</param>
    /// <param name="own">Its options.</param>
    /// <param name="start">
    /// The options that those of the command line are compared with: its own, or a preset's.
    /// </param>
    /// <exception cref="InputException">The user changed another option.</exception>
    protected TOptions OptionsToResume(ParseResult parse, RunFolder run, TOptions own, TOptions start)
    {
        if (Starting.FindDifference(own, Starting.Apply(parse, start)) is { } difference)
            throw new InputException(
                $"{difference.Name} {difference.Second}: the run in {run.Path} has {difference.First ?? "none"}; "
                + "leave the option out, or start a new run with another --out");
        TOptions options = Budget.Apply(parse, Resuming.Apply(parse, own));
        try
        {
            run.CheckResumable(options);
        }
        catch (InputException e) when (GivenBudgets(parse).SingleOrDefault() is { } given)
        {
            throw new InputException($"{given.Name} {parse.GetResult(given)!.Tokens[0].Value}: {e.Message}", e)
            { Option = e.Option, Value = e.Value };
        }
        return options;
    }

    /// <summary>Loads the images of a run again: those that it began with.</summary>
    /// <exception cref="InputException">One of them can no longer be read.</exception>
    protected static T LoadAgain<T>(Func<T> load)
    {
        try
        {
            return load();
        }
        catch (DamagedImagesException e)
        {
            string others = e.Names.Count switch { 1 => "", 2 => " and 1 other", var n => $" and {n - 1} others" };
            throw new InputException(
                $"{e.Names[0]}{others} can no longer be read, and a resumed run needs the images that it began with; "
                + "restore the files, or start a new run", e);
        }
    }

    /// <summary>The text that rank 0 has.</summary>
    protected string OfFirst(Func<string> text) =>
        Invocation.Ranks.Gather(Invocation.IsFirst ? text() : "")[0];

    /// <summary>What rank 0 prepares (a run folder, a download, a cache), and only then the others use.</summary>
    /// <param name="prepare">Called on rank 0.</param>
    /// <param name="use">Called on the others.</param>
    protected T FirstThenOthers<T>(Func<T> prepare, Func<T> use)
    {
        T? own = Invocation.IsFirst ? prepare() : default;
        Invocation.Ranks.Wait();
        return Invocation.IsFirst ? own! : use();
    }

    /// <summary>Loads images, first on rank 0.</summary>
    protected (ImageSet Train, ImageSet Test) Load(ImageLoader loader, TrainingOptions source) =>
        FirstThenOthers(() => loader.LoadForTraining(source), () => loader.LoadForTraining(source));

    /// <summary>Starts the training of a run; if a new one cannot start, its folder is deleted again.</summary>
    /// <param name="run">The run.</param>
    /// <param name="isNew">Whether the run is new.</param>
    /// <param name="create">Makes the learner.</param>
    protected (TLearner Learner, Trainer Trainer) Start<TLearner>(
        RunFolder run, bool isNew, Func<TLearner> create)
        where TLearner : Learner
    {
        TLearner? learner = null;
        try
        {
            learner = create();
            return (learner, new Trainer(learner));
        }
        catch
        {
            learner?.Dispose();
            if (isNew && Invocation.IsFirst) Directory.Delete(run.Path, recursive: true);
            throw;
        }
    }

    /// <summary>Prints the device and the run, and where a resumed run stands.</summary>
    /// <param name="trainer">The trainer.</param>
    /// <param name="learner">Its learner.</param>
    /// <param name="path">The run folder, as the user named it.</param>
    /// <param name="afterEnd">What can be done with a finished run, if anything.</param>
    protected void PrintRun(Trainer trainer, Learner learner, string path, string? afterEnd = null)
    {
        RunOptions options = learner.Run.Options;
        Invocation.Output.Line($"device: {learner.Device.Description}");
        if (learner.Share is { } share)
            Invocation.Output.Line($"ranks:  {share.Ranks.Size} processes with {share.Count} images of each batch");
        Invocation.Output.Line($"run:    {path}, {InfoCommand.Describe(options)}");
        if (trainer.IsFinished)
            Invocation.Output.Line(
                $"the run is finished after {options.Budget}{(afterEnd is null ? "" : $"; {afterEnd}")}");
        else if (trainer.Update > 0) Invocation.Output.Line($"resuming after update {trainer.Update}");
        Invocation.Output.Line();
    }

    private IEnumerable<Option> GivenBudgets(ParseResult parse) =>
        Budget.Options.Where(option => parse.IsGiven(option));
}
