using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Onnx;
using Tessera.Priors;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera export</c>: writes a model as ONNX files.</summary>
internal sealed class ExportCommand : TesseraCommand
{
    private readonly ModelSource _model = new();
    private readonly Option<string?> _onnx = NewOption.Text(
        "--onnx", "DIR",
        "The folder (required) to write, with "
            + $"{OnnxExport.EncoderName}, {OnnxExport.DecoderName}, {OnnxExport.AutoencoderName} and, with a prior, "
            + $"{OnnxExport.PriorName}; an earlier export is overwritten, other files never.");
    private readonly Option<string?> _prior = SamplingSettings.PriorOption();

    public ExportCommand(Invocation invocation) : base(
        invocation, "export",
        "Writes a model as ONNX files, for ONNX Runtime for example: images to codes, codes to images, and both; and "
            + "its prior, if it has one.",
        "tessera export runs/shapes-1 --onnx shapes-onnx", "tessera export model.safetensors --onnx onnx")
    {
        _model.AddTo(this);
        Options.Add(_onnx);
        Options.Add(_prior);
    }

    protected override void Run(ParseResult parse)
    {
        string folder = parse.GetValue(_onnx)
            ?? throw new InputException("--onnx is missing; name the folder to write with --onnx DIR");
        OnnxExport.CheckReplaceable(folder);
        using TrainedModel trained = _model.Open(parse, Invocation.Error);
        using CodePrior? prior = OpenPrior(parse, trained);
        OnnxExport.Write(folder, trained.Model, prior);
        Report(folder, trained, prior);
    }

    private CodePrior? OpenPrior(ParseResult parse, TrainedModel trained)
    {
        (string path, string? named) = (_model.Path(parse), parse.GetValue(_prior));
        return OptionalPrior.Open(
            path, named, () => ImageSampler.OpenPrior(path, trained.Path, named), Invocation.Error,
            "the model is exported without it");
    }

    /// <summary>Prints one line for each file; it names the tensors as the file does.</summary>
    private void Report(string folder, TrainedModel trained, CodePrior? prior)
    {
        string images = $"float [batch, {trained.Model.Options.Channels}, height, width] in 0..1";
        (int pixels, int perCell) = (trained.Model.Options.PixelsPerCode, trained.Model.Options.Cell.Codes);
        string codes =
            $"int64 [batch, height / {pixels}, width / {pixels}{(perCell == 1 ? "" : $", {perCell}")}]";
        List<string[]> lines =
        [
            [Path.Combine(folder, OnnxExport.EncoderName), $"pictures {images} -> codes {codes}"],
            [Path.Combine(folder, OnnxExport.DecoderName), $"codes {codes} -> pictures"],
            [Path.Combine(folder, OnnxExport.AutoencoderName), "pictures -> reconstructions, codes"],
        ];
        if (prior is { Options: var sizes })
            lines.Add(
            [
                Path.Combine(folder, OnnxExport.PriorName),
                $"codes int64 [batch, {sizes.Length}], class int64 [batch] -> logits float [batch, {sizes.Length}, "
                    + $"{sizes.Codes}]",
            ]);
        Invocation.Output.Table(lines);
    }
}
