using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Models;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera convert</c>: converts a model to another file format.</summary>
internal sealed class ConvertCommand : TesseraCommand
{
    private readonly ModelSource _model = new();
    private readonly Argument<string> _to = new("FILE")
    {
        Description = "The file to write: .safetensors, or .pt or .pth for torch.load in PyTorch; "
            + "an existing file is overwritten.",
    };

    public ConvertCommand(Invocation invocation) : base(
        invocation, "convert",
        "Converts a model to a safetensors or PyTorch file, with the tensor names of the reference PyTorch notebook.",
        "tessera convert model.pt model.safetensors", "tessera convert runs/shapes-1 model.pt")
    {
        _model.AddTo(this);
        Arguments.Add(_to);
    }

    protected override void Run(ParseResult parse)
    {
        string path = parse.GetRequiredValue(_to);
        OutputFile.Checked(path, path, "a model", ".safetensors", ".pt", ".pth");
        TrainedModel trained = _model.Open(parse, Invocation.Error);
        ModelFile.Write(path, trained.Model, trained.DataVariance);
        Invocation.Output.Line(
            $"{path}: {trained.Model.ParameterCount} parameters, {InfoCommand.Describe(trained.Model)}");
    }
}
