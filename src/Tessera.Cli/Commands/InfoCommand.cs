using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Rendering;
using Tessera.Data.Stores;
using Tessera.Features;
using Tessera.ImageRuns;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tensors.IO;
using Tessera.Tensors.Optim;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary>
/// <c>tessera info</c>: describes a run, a checkpoint, a model file or a file of images, or the devices of the machine.
/// </summary>
internal sealed class InfoCommand : TesseraCommand
{
    private readonly ModelSource _model = new();

    public InfoCommand(Invocation invocation) : base(
        invocation, "info",
        "Shows the options, sizes and tensors of a run, a checkpoint or a model file, be it a tokenizer, a prior or "
            + "a classifier; of a file of packed images, what it holds; without RUN, the devices of this machine.",
        "tessera info", "tessera info runs/shapes-1", "tessera info runs/shapes-1/checkpoints/500",
        "tessera info model.safetensors", "tessera info runs/cifar/prior", "tessera info images.tpk")
    {
        _model.AddTo(this);
        _model.MakeOptional();
    }

    protected override void Run(ParseResult parse)
    {
        if (!_model.IsGiven(parse))
        {
            Invocation.Output.Table(DeviceText.Table());
            return;
        }
        string path = _model.Path(parse);
        if (ImageStore.IsStore(path) && File.Exists(path))
        {
            using ImageStore store = ImageStore.Open(path);
            Invocation.Output.Table(DataInfoCommand.Rows(store));
            return;
        }
        if (PriorFile.Find(path) is { } priorFile)
        {
            PrintPrior(path, priorFile);
            return;
        }
        if (FeatureFile.Find(path) is { } featureFile)
        {
            PrintFeatures(path, featureFile);
            return;
        }
        using TrainedModel trained = _model.Open(parse, Invocation.Error);
        Invocation.Output.Table(
        [
            ["file", trained.Path], .. Origin(trained.Origin), .. Model(trained), .. Run(trained),
            .. RunFolder.IsRun(path) ? Evaluation(TokenizerRun.Open(path)) : [],
            .. ImageSampler.HasPrior(path) ? (string[][])[["prior", ImageSampler.FolderOf(path)]] : [],
        ]);
        Invocation.Output.Line();
        Invocation.Output.Table([.. Tensors(trained.Model.State())]);
    }

    private void PrintPrior(string path, string file)
    {
        PriorRun? run = RunFolder.IsRun(path) ? PriorRun.Open(path) : null;
        (CodePrior prior, string hash) = PriorFile.Read(file);
        using (prior)
        {
            CodePriorOptions model = prior.Options;
            Invocation.Output.Table(
            [
                ["file", file],
                ["prior", $"over {model.Rows}x{model.Columns} "
                    + (model.CodesPerCell == 1 ? "" : $"cells of {model.CodesPerCell} ") + $"codes of {model.Codes}"],
                ["classes", model.Classes.Count > 0 ? Printable.OneLine(string.Join(", ", model.Classes)) : "none"],
                ["parameters", $"{prior.ParameterCount}"],
                ["layers", $"{model.Layers} of width {model.Width}, {model.Heads} heads, dropout {model.Dropout}"],
                ["tokenizer", $"the file of SHA-256 {hash}"],
                .. run is null ? [] : RunRows(run),
            ]);
            Invocation.Output.Line();
            Invocation.Output.Table([.. Tensors(prior.State())]);
        }
    }

    private void PrintFeatures(string path, string file)
    {
        ClassifierRun? run = RunFolder.IsRun(path) ? ClassifierRun.Open(path) : null;
        using FeatureNetwork network = FeatureFile.Read(file);
        Invocation.Output.Table(
        [
            ["file", file],
            ["feature network", $"of images with {network.Channels} channels, from {network.SmallestSize} pixels on"],
            ["stages", string.Join(", ", network.Layers.Where(layer => layer.IsStage).Select(layer => layer.Outputs))],
            .. run is null ? (string[][])[] :
            [
                ["classes", Printable.OneLine(string.Join(", ", run.Options.Model.Classes))],
                ["data", $"{run.Options.Data}, {run.Options.Size}"], ["training", Describe(run.Options)],
                .. Evaluation(run),
            ],
        ]);
        Invocation.Output.Line();
        Invocation.Output.Table([.. Tensors(network.State())]);
    }

    private static IEnumerable<string[]> RunRows(PriorRun run) =>
        [["data", $"{run.Options.Data}, {run.Options.Size}"], ["training", Describe(run.Options)], .. Evaluation(run)];

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
        yield return ["pixels per cell", $"{model.PixelsPerCode}x{model.PixelsPerCode}"];
        yield return ["stride", $"{model.Stride}"];
        yield return ["hidden", $"{model.Hidden}"];
        yield return ["residual hidden", $"{model.ResidualHidden}"];
        yield return ["residual layers", $"{model.ResidualLayers}"];
        if (model.GroupNorm > 0) yield return ["group normalisation", $"{model.GroupNorm} groups"];
        if (model.Attention > 0) yield return ["self-attention", $"{model.Attention} heads"];
        foreach (string[] row in QuantizerText.Rows(model)) yield return row;
        yield return ["data variance", trained.DataVariance is { } variance ? $"{variance:0.000000}" : "unknown"];
    }

    /// <summary>One line about a codebook.</summary>
    internal static string Describe(VqVae model) =>
        (model.Options.Cell.Top ? "two levels, 1 + 4 codes a cell, each of "
            : model.Options.Cell.Codes > 1 ? $"{model.Options.Cell.Codes} codes a cell, each of "
            : "")
        + $"{model.Options.Codes} codes of {model.Options.DimensionsOfCode} dimensions"
        + (model.Options.HasMaps ? $", mapped to {model.Options.CodeDim}" : "")
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
        + (options is ImageRunOptions { Flips: true } ? ", flips" : "")
        + (options is TrainingOptions { Loss: var loss } ? Describe(loss) : "")
        + $", seed {options.Seed}";

    /// <summary>What a loss has beside the reference notebook's; empty for nothing.</summary>
    private static string Describe(LossOptions loss) =>
        (loss.Pixel == PixelLoss.Mse ? "" : $", loss {LossSettings.Name(loss.Pixel)}")
        + (loss.Perceptual > 0 ? $", perceptual {loss.Perceptual}" : "");

    private static IEnumerable<string[]> Run(TrainedModel trained)
    {
        if (trained.Options is not { } options) yield break;
        yield return ["data", $"{options.Data}, {options.Size}"];
        yield return ["training", Describe(options)];
        if (options.Init is { } init)
            yield return ["started from", init + (options.InitKey is { } key ? $", key {key}" : "")];
    }

    /// <summary>The newest row of a run's eval.csv.</summary>
    private static IEnumerable<string[]> Evaluation(RunFolder run)
    {
        if (run.LastEvaluation() is { } row)
            yield return ["evaluation", string.Join(", ", row.Select(field => $"{field.Column} {field.Value}"))];
    }

    private static IEnumerable<string[]> Tensors(IEnumerable<(string Name, Tensor Tensor)> state)
    {
        foreach (var module in state.GroupBy(entry => entry.Name.Split('.')[0]))
        {
            yield return [module.Key, "", $"{module.Sum(entry => (long)entry.Tensor.Shape.Length)}"];
            foreach ((string name, Tensor tensor) in module)
                yield return [$"  {name}", $"{tensor.Shape}", $"{tensor.Shape.Length}"];
        }
    }
}
