using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Models;
using Tessera.Priors;
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

    private readonly Option<bool> _half = NewOption.Flag(
        "--half", "Stores the weights of a safetensors file as float16, in half the space.");

    public ConvertCommand(Invocation invocation) : base(
        invocation, "convert",
        "Converts a model to a safetensors or PyTorch file, with the tensor names of the reference PyTorch notebook; "
            + "or a prior to a safetensors file.",
        "tessera convert model.pt model.safetensors", "tessera convert runs/shapes-1 model.pt",
        "tessera convert runs/shapes-1 small.safetensors --half")
    {
        _model.AddTo(this);
        Arguments.Add(_to);
        Options.Add(_half);
    }

    protected override void Run(ParseResult parse)
    {
        string path = parse.GetRequiredValue(_to);
        bool half = parse.GetValue(_half);
        if (PriorFile.Find(_model.Path(parse)) is { } priorFile)
        {
            ConvertPrior(priorFile, path, half);
            return;
        }
        OutputFile.Checked(path, path, "a model", ".safetensors", ".pt", ".pth");
        using TrainedModel trained = _model.Open(parse, Invocation.Error);
        ModelFile.Write(path, trained.Model, trained.DataVariance, half);
        Invocation.Output.Line(
            $"{path}: {trained.Model.ParameterCount} parameters, {InfoCommand.Describe(trained.Model)}");
    }

    private void ConvertPrior(string from, string path, bool half)
    {
        OutputFile.Checked(path, path, "a prior", ".safetensors");
        (CodePrior prior, string hash) = PriorFile.Read(from);
        using (prior)
        {
            PriorFile.Write(path, prior, hash, half);
            Invocation.Output.Line($"{path}: a prior of {prior.ParameterCount} parameters");
        }
    }
}
