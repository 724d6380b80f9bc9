using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tensors.IO;
using Tessera.Tensors.Optim;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera info</c>: describes a run, a checkpoint or a model file.</summary>
internal sealed class InfoCommand : TesseraCommand
{
    private readonly ModelSource _model = new();

    public InfoCommand(Invocation invocation) : base(
        invocation, "info", "Shows the options, sizes and tensors of a run, a checkpoint or a model file.",
        "tessera info runs/shapes-1", "tessera info runs/shapes-1/checkpoints/500", "tessera info model.safetensors") =>
        _model.AddTo(this);

    protected override void Run(ParseResult parse)
    {
        using TrainedModel trained = _model.Open(parse, Invocation.Error);
        Invocation.Output.Table(
        [
            ["file", trained.Path], .. Origin(trained.Origin), .. Model(trained), .. Run(trained),
            .. Evaluation(_model.Path(parse)),
        ]);
        Invocation.Output.Line();
        Invocation.Output.Table([.. Tensors(trained.Model)]);
    }

    private static IEnumerable<string[]> Origin(ModelOrigin origin)
    {
        if (origin.Key != ModelOrigin.WholeFile) yield return ["read from the key", origin.Key];
        if (origin.Prefix.Length > 0) yield return ["prefix removed", Printable.OneLine(origin.Prefix)];
    }

    private static IEnumerable<string[]> Model(TrainedModel trained)
    {
        VqVaeOptions model = trained.Model.Options;
        yield return ["updates", trained.Update is { } update ? $"{update}" : "unknown"];
        yield return ["parameters", $"{trained.Model.ParameterCount}"];
        yield return ["codebook", Describe(trained.Model)];
        yield return ["images", model.Channels == 1 ? "grey" : "RGB"];
        yield return ["pixels per code", $"{model.PixelsPerCode}x{model.PixelsPerCode}"];
        yield return ["hidden", $"{model.Hidden}"];
        yield return ["residual hidden", $"{model.ResidualHidden}"];
        yield return ["residual layers", $"{model.ResidualLayers}"];
        yield return ["commitment", $"{model.Quantizer.Commitment}"];
        yield return ["data variance", trained.DataVariance is { } variance ? $"{variance:0.000000}" : "unknown"];
    }

    /// <summary>One line about a codebook.</summary>
    internal static string Describe(VqVae model) =>
        $"{model.Options.Codes} codes of {model.Options.CodeDim} dimensions"
        + (model.Options.LookupDim > 0 ? $" looked up in {model.Options.LookupDim}" : "")
        + $", {model.Options.Quantizer.Summary}";

    /// <summary>One line about the training options of a run.</summary>
    internal static string Describe(RunOptions options) =>
        $"{options.Budget}, batch {options.Batch}, "
        + $"{(options.Optimizer == OptimizerKind.Muon ? "Muon at " : "")}lr {options.LearningRate}"
        + (options.WarmUp > 0 ? $" after {options.WarmUp} updates of warm-up" : "")
        + (options.LearningRateShape == LearningRateShape.Cosine ? ", cosine to 0" : "")
        + (options.ClipNorm > 0 ? $", gradients clipped at {options.ClipNorm}" : "")
        + (options.WeightDecay > 0 ? $", weight decay {options.WeightDecay}" : "")
        + (options.AverageDecay > 0 ? $", weights averaged ({options.AverageDecay})" : "")
        + (options is TrainingOptions { Flips: true } or PriorOptions { Flips: true } ? ", flips" : "")
        + $", seed {options.Seed}";

    private static IEnumerable<string[]> Run(TrainedModel trained)
    {
        if (trained.Options is not { } options) yield break;
        yield return ["data", $"{options.Data}, {options.Size}"];
        yield return ["training", Describe(options)];
        if (options.Init is { } init)
            yield return ["started from", init + (options.InitKey is { } key ? $", key {key}" : "")];
    }

    /// <summary>The newest row of eval.csv, if the path is a run folder.</summary>
    private static IEnumerable<string[]> Evaluation(string path)
    {
        if (!RunFolder.IsRun(path) || TokenizerRun.Open(path).LastEvaluation() is not { } row) yield break;
        yield return ["evaluation", string.Join(", ", row.Select(field => $"{field.Column} {field.Value}"))];
    }

    private static IEnumerable<string[]> Tensors(VqVae model)
    {
        foreach (var module in model.State().GroupBy(entry => entry.Name[..entry.Name.IndexOf('.')]))
        {
            yield return [module.Key, "", $"{module.Sum(entry => (long)entry.Tensor.Shape.Length)}"];
            foreach ((string name, Tensor tensor) in module)
                yield return [$"  {name}", $"{tensor.Shape}", $"{tensor.Shape.Length}"];
        }
    }
}
