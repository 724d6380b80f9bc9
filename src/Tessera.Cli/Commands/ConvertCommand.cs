using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Models;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera convert</c>: a model from one kind of file to another.</summary>
internal sealed class ConvertCommand : TesseraCommand
{
    private readonly ModelSource _model = new();
    private readonly Argument<string> _to = new("FILE")
    {
        Description = "The file to write, over one that is there: .safetensors, or .pt or .pth for PyTorch's torch.load.",
    };

    public ConvertCommand(Invocation invocation) : base(
        invocation, "convert", "Writes a model as another kind of file: of PyTorch or safetensors, with the names of the seed's model.",
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
        Invocation.Output.Line($"{path}: {trained.Model.ParameterCount} parameters, {InfoCommand.Describe(trained.Model)}");
    }
}
