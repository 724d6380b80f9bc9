using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Onnx;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera export</c>: writes a model as ONNX files.</summary>
internal sealed class ExportCommand : TesseraCommand
{
    private readonly ModelSource _model = new();
    private readonly Option<string?> _onnx = NewOption.Text(
        "--onnx", "DIR",
        "The folder (required) to write, with "
            + $"{OnnxExport.EncoderName}, {OnnxExport.DecoderName} and {OnnxExport.AutoencoderName}; "
            + "an earlier export is overwritten, other files never.");

    public ExportCommand(Invocation invocation) : base(
        invocation, "export",
        "Writes a model as ONNX files, for ONNX Runtime for example: images to codes, codes to images, and both.",
        "tessera export runs/shapes-1 --onnx shapes-onnx", "tessera export model.safetensors --onnx onnx")
    {
        _model.AddTo(this);
        Options.Add(_onnx);
    }

    protected override void Run(ParseResult parse)
    {
        string folder = parse.GetValue(_onnx)
            ?? throw new InputException("--onnx is missing; name the folder to write with --onnx DIR");
        OnnxExport.CheckReplaceable(folder);
        TrainedModel trained = _model.Open(parse, Invocation.Error);
        OnnxExport.Write(folder, trained.Model);
        // The lines name the tensors as the files do.
        string images = $"float [batch, {trained.Model.Options.Channels}, height, width] in 0..1";
        int pixels = trained.Model.Options.PixelsPerCode;
        string codes = $"int64 [batch, height / {pixels}, width / {pixels}]";
        Invocation.Output.Table(
        [
            [Path.Combine(folder, OnnxExport.EncoderName), $"pictures {images} -> codes {codes}"],
            [Path.Combine(folder, OnnxExport.DecoderName), $"codes {codes} -> pictures"],
            [Path.Combine(folder, OnnxExport.AutoencoderName), "pictures -> reconstructions, codes"],
        ]);
    }
}
