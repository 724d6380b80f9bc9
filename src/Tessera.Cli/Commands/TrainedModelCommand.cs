using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary>What commands that show pictures to a trained model have in common.</summary>
internal abstract class TrainedModelCommand : TesseraCommand
{
    private readonly Split _usualSplit;
    private readonly ModelSource _model = new();
    private readonly Settings _settings;
    private readonly Option<bool> _skipDamaged = NewOption.SkipDamaged();
    private readonly Option<string?> _split;

    /// <summary>Creates a command that takes the test pictures unless the user says otherwise.</summary>
    protected TrainedModelCommand(Invocation invocation, string name, string description, params string[] examples)
        : this(invocation, name, description, Split.Test, examples)
    {
    }

    /// <summary>Creates a command that takes a split unless the user says otherwise.</summary>
    protected TrainedModelCommand(Invocation invocation, string name, string description, Split usualSplit, params string[] examples)
        : this(invocation, name, description, usualSplit, allowsNative: false, examples)
    {
    }

    /// <summary>Creates a command that takes a split, and pictures as they are if <paramref name="allowsNative"/>.</summary>
    protected TrainedModelCommand(
        Invocation invocation, string name, string description, Split usualSplit, bool allowsNative, params string[] examples)
        : base(invocation, name, description, examples)
    {
        _usualSplit = usualSplit;
        _settings = Settings.ForPictures(allowsNative);
        _split = NewOption.Choice(
            "--split", $"Which of the pictures of --data [default: {usualSplit.Name()}].",
            [.. Enum.GetValues<Split>().Select(split => split.Name())]);
        _model.AddTo(this);
        _settings.AddTo(this);
        Options.Add(_split);
        Options.Add(_skipDamaged);
    }

    protected sealed override void Run(ParseResult parse)
    {
        // The options before the model, so that a wrong one is told before anything is read.
        TrainingOptions given = _settings.Apply(parse, new TrainingOptions());
        using var device = new CpuDevice(given.Threads);
        Run(parse, _model.Open(parse, Invocation.Error, device));
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
        LoaderFor(parse, trained).Load(OptionsForData(parse, trained), split);

    /// <summary>Loads pictures less those that the model's run left out.</summary>
    protected PictureLoader LoaderFor(ParseResult parse, TrainedModel trained) =>
        new(Invocation.Error, parse.GetValue(_skipDamaged), Invocation.Cancellation)
        {
            Skipped = ShowsOwnPictures(parse, trained) ? trained.Run!.ReadSkipped() : [],
        };

    /// <summary>Whether the pictures are those of the model's run: only of them it is known which it was trained on.</summary>
    protected bool ShowsOwnPictures(ParseResult parse, TrainedModel trained) =>
        trained.Options is { } own && OptionsFor(parse, trained).Data == own.Data;

    /// <summary>The picture files that the user named or, without any, the pictures of --data.</summary>
    protected PictureSource OpenPictures(ParseResult parse, TrainedModel trained, PictureLoader loader, string[] files)
    {
        PictureSize? given = parse.GetValue((Option<PictureSize?>)Options.Single(option => option.Name == Settings.SizeName));
        if (files.Length == 0)
        {
            TrainingOptions forData = OptionsForData(parse, trained);
            return loader.Open(forData, SplitOf(parse), given ?? forData.Size);
        }
        if (HasData(parse)) throw new InputException("picture files and --data are both given; give one of them");
        if (files.FirstOrDefault(Directory.Exists) is { } folder)
            throw new InputException($"{folder} is a folder; name it with --data");
        TrainingOptions options = OptionsFor(parse, trained);
        return PictureSource.FromFiles(files, given ?? options.Size, options.Model.Channels);
    }

    private TrainingOptions OptionsForData(ParseResult parse, TrainedModel trained) =>
        trained.Options is not null || HasData(parse)
            ? OptionsFor(parse, trained)
            : throw new InputException($"{trained.Path} does not tell what pictures it was trained on; name some with --data");

    private bool HasData(ParseResult parse) => parse.IsGiven(Options.Single(option => option.Name == Settings.DataName));
}
