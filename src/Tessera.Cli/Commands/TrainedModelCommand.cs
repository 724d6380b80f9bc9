using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary>What commands that show pictures to a trained model have in common.</summary>
internal abstract class TrainedModelCommand : TesseraCommand
{
    private readonly Split _usualSplit;
    private readonly Argument<string> _model = NewOption.ModelArgument();
    private readonly Settings _settings = Settings.ForPictures();
    private readonly Option<string?> _split;

    /// <summary>Creates a command that takes the test pictures unless the user says otherwise.</summary>
    protected TrainedModelCommand(Invocation invocation, string name, string description, params string[] examples)
        : this(invocation, name, description, Split.Test, examples)
    {
    }

    /// <summary>Creates a command that takes a split unless the user says otherwise.</summary>
    protected TrainedModelCommand(Invocation invocation, string name, string description, Split usualSplit, params string[] examples)
        : base(invocation, name, description, examples)
    {
        _usualSplit = usualSplit;
        _split = NewOption.Choice(
            "--split", $"Which of the pictures of --data [default: {usualSplit.Name()}].",
            [.. Enum.GetValues<Split>().Select(split => split.Name())]);
        Arguments.Add(_model);
        _settings.AddTo(this);
        Options.Add(_split);
    }

    protected sealed override void Run(ParseResult parse)
    {
        // The options before the model, so that a wrong one is told before anything is read.
        TrainingOptions given = _settings.Apply(parse, new TrainingOptions());
        using var device = new CpuDevice(given.Threads);
        Run(parse, TrainedModel.Open(parse.GetRequiredValue(_model), device));
    }

    /// <summary>Does the work with the model that the user named.</summary>
    protected abstract void Run(ParseResult parse, TrainedModel trained);

    /// <summary>The options of the model's run, or the usual ones, with what the user gave.</summary>
    protected TrainingOptions OptionsFor(ParseResult parse, TrainedModel trained) =>
        _settings.Apply(parse, (trained.Options ?? new TrainingOptions()) with { Model = trained.Model.Options });

    /// <summary>The split that the user wants.</summary>
    protected Split SplitOf(ParseResult parse) =>
        parse.GetValue(_split) is { } name ? Enum.Parse<Split>(name, ignoreCase: true) : _usualSplit;

    /// <summary>The pictures that the user wants, by default those of the model's run.</summary>
    protected ImageSet LoadPictures(ParseResult parse, TrainedModel trained) =>
        LoadPictures(parse, trained, SplitOf(parse));

    /// <summary>A split of the pictures that the user wants.</summary>
    protected ImageSet LoadPictures(ParseResult parse, TrainedModel trained, Split split) =>
        Loader.Load(OptionsForData(parse, trained), split);

    /// <summary>The picture files that the user named or, without any, the pictures of --data.</summary>
    protected PictureSource OpenPictures(ParseResult parse, TrainedModel trained, string[] files)
    {
        if (files.Length == 0) return Loader.Open(OptionsForData(parse, trained), SplitOf(parse));
        if (HasData(parse)) throw new InputException("picture files and --data are both given; give one of them");
        if (files.FirstOrDefault(Directory.Exists) is { } folder)
            throw new InputException($"{folder} is a folder; name it with --data");
        TrainingOptions options = OptionsFor(parse, trained);
        return PictureSource.FromFiles(files, options.Size, options.Size, options.Model.Channels);
    }

    private PictureLoader Loader => new(Invocation.Error, Invocation.Cancellation);

    private TrainingOptions OptionsForData(ParseResult parse, TrainedModel trained) =>
        trained.Options is not null || HasData(parse)
            ? OptionsFor(parse, trained)
            : throw new InputException($"{trained.Path} does not tell what pictures it was trained on; name some with --data");

    private bool HasData(ParseResult parse) => parse.IsGiven(Options.Single(option => option.Name == Settings.DataName));
}
