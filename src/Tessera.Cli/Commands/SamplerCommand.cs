using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Imaging;
using Tessera.Priors;
using Tessera.Tensors.Devices;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary>The base of commands that draw images from a prior.</summary>
internal abstract class SamplerCommand : TesseraCommand
{
    private const int GridPadding = 2;

    private readonly ModelSource _model = new();
    private readonly SettingGroup<TrainingOptions> _computing = Settings.ForComputing();

    /// <summary>Creates the command; the derived class adds its options, then <see cref="AddOptions"/>.</summary>
    protected SamplerCommand(Invocation invocation, string name, string description, params string[] examples)
        : base(invocation, name, description, examples) => _model.AddTo(this);

    /// <summary>The options of the drawing.</summary>
    protected SamplingSettings Sampling { get; } = new();

    /// <summary>Adds the options of every such command.</summary>
    protected void AddOptions()
    {
        Sampling.AddTo(this);
        _computing.AddTo(this);
    }

    protected sealed override void Run(ParseResult parse)
    {
        TrainingOptions given = _computing.Apply(parse, new TrainingOptions());
        SamplingOptions options = Sampling.Options(parse);
        Check(parse);
        using Device device = CreateDevice(given);
        using TrainedModel trained = _model.Open(parse, Invocation.Error, device);
        using CodePrior prior =
            ImageSampler.OpenPrior(_model.Path(parse), trained.Path, Sampling.Prior(parse), device);
        using var sampler = new ImageSampler(trained.Model, prior);
        Run(parse, sampler, options);
    }

    /// <summary>The columns of a grid of images.</summary>
    protected virtual int GridColumns => 8;

    /// <summary>Checks the command's own options, before models are read.</summary>
    protected abstract void Check(ParseResult parse);

    /// <summary>Draws.</summary>
    protected abstract void Run(ParseResult parse, ImageSampler sampler, SamplingOptions options);

    /// <summary>Runs work with a progress bar.</summary>
    protected T WithBar<T>(string verb, Func<IProgress<double>, T> work) => Invocation.Error.WithBar(bar =>
        work(new ImmediateProgress<double>(part => bar.Report(new BarState(part, $"{verb} images")))));

    /// <summary>Checks a count of images.</summary>
    protected static void CheckCount(int count)
    {
        const int Most = 65536;
        if (count is < 1 or > Most) throw new InputException($"--count must be 1 to {Most}, not {count}");
    }

    /// <summary>Checks that a grid of images fits one PNG, before they are drawn.</summary>
    protected void CheckGrid(int count, ImageSampler sampler)
    {
        CodePriorOptions prior = sampler.Prior.Options;
        int cell = sampler.Tokenizer.PixelsPerCode;
        GridLimit.Check(
            count, new ImageSize(prior.Rows * cell, prior.Columns * cell), sampler.Tokenizer.Model.Options.Channels,
            GridColumns, GridPadding, "give a smaller --count");
    }

    /// <summary>Writes images as one grid.</summary>
    protected void WriteGrid(string path, IReadOnlyList<Image> images) =>
        ImageFile.WritePng(path, ImageGrid.Make(images, GridColumns, GridPadding));
}
