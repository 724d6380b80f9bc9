using System.CommandLine;
using Tessera.Models;
using Tessera.Tensors.Devices;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>The trained model that a command works with, as the user names it: RUN and --key.</summary>
internal sealed class ModelSource
{
    private readonly Argument<string> _path = new("RUN")
    {
        Description = "A run folder, a checkpoint folder in it, or a model file with the seed's names (safetensors, or PyTorch's .pt).",
    };
    private readonly Option<string?> _key = NewOption.Text(
        "--key", "NAME", "Which dict of a PyTorch file holds the model, such as ema; needed only where several do.");

    /// <summary>Adds the argument and the option to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_path);
        command.Options.Add(_key);
    }

    /// <summary>What the user named.</summary>
    public string Path(ParseResult parse) => parse.GetRequiredValue(_path);

    /// <summary>Opens the model, and says what its file holds besides.</summary>
    public TrainedModel Open(ParseResult parse, Display messages, Device? device = null)
    {
        TrainedModel trained = TrainedModel.Open(Path(parse), device, parse.GetValue(_key));
        ReportLeftOut(trained.Origin, messages);
        return trained;
    }

    /// <summary>Says in one line which tensors of a file were left out, if any.</summary>
    public static void ReportLeftOut(ModelOrigin origin, Display messages)
    {
        if (origin.LeftOutSummary is { } names)
            messages.Line(
                $"{origin.Path}: left out {origin.LeftOut.Count} {(origin.LeftOut.Count == 1 ? "tensor" : "tensors")} "
                + $"that the model has no place for: {names}");
    }
}
