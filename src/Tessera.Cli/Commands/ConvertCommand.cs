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

    private readonly Option<string?> _codebook = NewOption.Text(
        "--codebook", "STATE",
        "A state dict with a quantizer of the PyTorch library vector-quantize-pytorch, which replaces the model's; so "
            + "do an encoder and a decoder with the notebook's names, if it has them too.");
    private readonly Option<string?> _codebookAt = NewOption.Text(
        "--codebook-at", "PLACE",
        "Place of the quantizer in --codebook, such as vq or model.vq; needed only if several fit the model.");

    public ConvertCommand(Invocation invocation) : base(
        invocation, "convert",
        "Converts a model to a safetensors or PyTorch file, with the tensor names of the reference PyTorch notebook; "
            + "or a prior to a safetensors file.",
        "tessera convert model.pt model.safetensors", "tessera convert runs/shapes-1 model.pt",
        "tessera convert runs/shapes-1 small.safetensors --half",
        "tessera convert runs/shapes-1 new.safetensors --codebook state.pt")
    {
        _model.AddTo(this);
        Arguments.Add(_to);
        Options.Add(_half);
        Options.Add(_codebook);
        Options.Add(_codebookAt);
    }

    protected override void Run(ParseResult parse)
    {
        string path = parse.GetRequiredValue(_to);
        bool half = parse.GetValue(_half);
        (string? codebook, string? at) = (parse.GetValue(_codebook), parse.GetValue(_codebookAt));
        if (at is not null && codebook is null)
            throw new InputException(
                $"{_codebookAt.Name} names a place in the file of {_codebook.Name}; give that too");
        if (PriorFile.Find(_model.Path(parse)) is { } priorFile)
        {
            if (codebook is not null)
                throw new InputException($"{priorFile} is a prior; {_codebook.Name} needs a tokenizer");
            ConvertPrior(priorFile, path, half);
            return;
        }
        OutputFile.Checked(path, path, "a model", ".safetensors", ".pt", ".pth");
        using TrainedModel trained = _model.Open(parse, Invocation.Error);
        double? variance = trained.DataVariance;
        if (codebook is not null)
        {
            (string place, bool hasNetwork) = QuantizerImport.Read(codebook, trained.Model, at);
            // The variance is that of the images that the model's own network learned from.
            if (hasNetwork) variance = null;
            Invocation.Output.Line(
                $"{codebook}: the quantizer at {place}{(hasNetwork ? ", with encoder and decoder" : "")}");
        }
        ModelFile.Write(path, trained.Model, variance, half);
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
