using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Tensors.Devices;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary>The base of commands that apply a trained model to images.</summary>
internal abstract class TrainedModelCommand : TesseraCommand
{
    private readonly Split _usualSplit;
    private readonly ModelSource _model = new();
    private readonly SettingGroup<TrainingOptions> _settings;
    private readonly Option<bool> _skipDamaged = NewOption.SkipDamaged();
    private readonly Option<string?> _split;

    /// <summary>Creates a command whose default is the test split.</summary>
    protected TrainedModelCommand(Invocation invocation, string name, string description, params string[] examples)
        : this(invocation, name, description, Split.Test, allowsNative: false, examples)
    {
    }

    /// <summary>Creates a command with a default split.</summary>
    /// <param name="invocation">The streams and the cancellation.</param>
    /// <param name="name">The name that the user types.</param>
    /// <param name="description">The description in the help.</param>
    /// <param name="usualSplit">The split without <c>--split</c>.</param>
    /// <param name="allowsNative">Whether <c>--size native</c> is allowed.</param>
    /// <param name="examples">Example command lines for the help.</param>
    protected TrainedModelCommand(
        Invocation invocation, string name, string description, Split usualSplit, bool allowsNative,
        params string[] examples)
        : base(invocation, name, description, examples)
    {
        _usualSplit = usualSplit;
        _settings = Settings.ForImages(allowsNative);
        _split = NewOption.Choice(
            "--split", $"Split of --data to use; all: every image [default: {usualSplit.Name()}].",
            [.. Enum.GetValues<Split>().Select(split => split.Name())]);
        _model.AddTo(this);
        _settings.AddTo(this);
        Options.Add(_split);
        Options.Add(_skipDamaged);
    }

    protected sealed override void Run(ParseResult parse)
    {
        // Check the options first, so that a wrong one is reported before the model is read.
        TrainingOptions given = _settings.Apply(parse, new TrainingOptions());
        using Device device = CreateDevice(given);
        using TrainedModel trained = _model.Open(parse, Invocation.Error, device);
        Run(parse, trained);
    }

    /// <summary>Runs the command with the model that the user named.</summary>
    protected abstract void Run(ParseResult parse, TrainedModel trained);

    /// <summary>The path of the model that the user named as RUN.</summary>
    protected string RunPath(ParseResult parse) => _model.Path(parse);

    /// <inheritdoc cref="ModelSource.CheckHasFolder"/>
    protected void CheckHasFolder(ParseResult parse, string what) => _model.CheckHasFolder(parse, what);

    /// <summary>The options of the model's run, or the defaults, overridden by those that the user gave.</summary>
    protected TrainingOptions OptionsFor(ParseResult parse, TrainedModel trained)
    {
        TrainingOptions options = _settings.Apply(
            parse, (trained.Options ?? new TrainingOptions()) with { Model = trained.Model.Options });
        return NamedFolder(parse) is { } folder
            ? options with { Data = Path.GetFullPath(folder), Size = DataSource.FixedSize(folder) ?? options.Size }
            : options;
    }

    /// <summary>The folder of images that the user named without <c>--data</c>; null for none.</summary>
    protected virtual string? NamedFolder(ParseResult parse) => null;

    /// <summary>The split that the user named, or the default one.</summary>
    protected Split SplitOf(ParseResult parse) =>
        parse.GetValue(_split) is { } name ? Enum.Parse<Split>(name, ignoreCase: true)
            : NamedFolder(parse) is not null ? Split.All
            : _usualSplit;

    /// <summary>Loads the split that the user named, by default from the images of the model's run.</summary>
    protected ImageSet LoadImages(ParseResult parse, TrainedModel trained) =>
        LoadImages(parse, trained, SplitOf(parse));

    /// <summary>Loads a split, by default from the images of the model's run.</summary>
    protected ImageSet LoadImages(ParseResult parse, TrainedModel trained, Split split) =>
        LoaderFor(parse, trained).Load(OptionsForData(parse, trained), split);

    /// <summary>A loader that leaves out the images that the model's run left out.</summary>
    protected ImageLoader LoaderFor(ParseResult parse, TrainedModel trained) =>
        new(Invocation.Error, parse.GetValue(_skipDamaged), Invocation.Cancellation)
        {
            Skipped = ShowsOwnImages(parse, trained) ? trained.Run!.ReadSkipped() : [],
        };

    /// <summary>Whether the images are those of the model's run, so that its training split is known.</summary>
    protected virtual bool ShowsOwnImages(ParseResult parse, TrainedModel trained) =>
        trained.Options is { } own && OptionsFor(parse, trained).Data == own.Data;

    /// <summary>The options that say which images <c>--data</c> or the model's run names.</summary>
    /// <exception cref="InputException">Neither names images.</exception>
    protected TrainingOptions OptionsForData(ParseResult parse, TrainedModel trained) =>
        trained.Options is not null || HasData(parse) || NamedFolder(parse) is not null
            ? OptionsFor(parse, trained)
            : throw new InputException(
                $"{trained.Path} does not record its training images; name images with --data");

    /// <summary>Whether the user gave <c>--data</c>.</summary>
    protected bool HasData(ParseResult parse) =>
        parse.IsGiven(Options.Single(option => option.Name == Settings.DataName));
}
