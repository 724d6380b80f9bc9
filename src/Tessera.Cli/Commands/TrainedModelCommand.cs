using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary>What commands that show pictures to a trained model have in common.</summary>
internal abstract class TrainedModelCommand : TesseraCommand
{
    private const Split UsualSplit = Split.Test;

    private readonly Argument<string> _model = NewOption.ModelArgument();
    private readonly Settings _settings = Settings.ForPictures();
    private readonly Option<string?> _split = NewOption.Choice(
        "--split", $"Which of the pictures of --data [default: {UsualSplit.Name()}].",
        [.. Enum.GetValues<Split>().Select(split => split.Name())]);

    protected TrainedModelCommand(Invocation invocation, string name, string description, params string[] examples)
        : base(invocation, name, description, examples)
    {
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
        parse.GetValue(_split) is { } name ? Enum.Parse<Split>(name, ignoreCase: true) : UsualSplit;

    /// <summary>The pictures that the user wants, by default those of the model's run.</summary>
    protected ImageSet LoadPictures(ParseResult parse, TrainedModel trained) =>
        LoadPictures(parse, trained, SplitOf(parse));

    /// <summary>A split of the pictures that the user wants.</summary>
    protected ImageSet LoadPictures(ParseResult parse, TrainedModel trained, Split split)
    {
        if (trained.Options is null && !HasData(parse))
            throw new InputException(
                $"{trained.Path} does not tell what pictures it was trained on; name some with --data");
        return new PictureLoader(Invocation.Error, Invocation.Cancellation)
            .Load(OptionsFor(parse, trained), split);
    }

    /// <summary>Whether the user named pictures with --data.</summary>
    protected bool HasData(ParseResult parse) =>
        parse.IsGiven(Options.Single(option => option.Name == Settings.DataName));
}
