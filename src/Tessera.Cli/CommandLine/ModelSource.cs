using System.CommandLine;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Tensors.Devices;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>The argument RUN and the option --key, which name the trained model of a command.</summary>
internal sealed class ModelSource
{
    private readonly Argument<string?> _path = new("RUN")
    {
        Description = "A run folder, a checkpoint folder in it, a model file (safetensors or PyTorch) with the tensor "
            + "names of the reference PyTorch notebook, or the name of a model that comes with the program: "
            + $"{string.Join(", ", PretrainedModels.Names)}.",
    };
    private readonly Option<string?> _key = NewOption.Text(
        "--key", "NAME",
        "Key of the state dict in a PyTorch file, such as ema; needed only if the file holds several models.");

    /// <summary>Adds the argument and the option to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_path);
        command.Options.Add(_key);
    }

    /// <summary>What the user gave as RUN.</summary>
    public string Given(ParseResult parse) => parse.GetRequiredValue(_path)!;

    /// <summary>Lets the user leave RUN out.</summary>
    public void MakeOptional() => _path.Arity = ArgumentArity.ZeroOrOne;

    /// <summary>Whether the user gave RUN.</summary>
    public bool IsGiven(ParseResult parse) => parse.GetValue(_path) is not null;

    /// <summary>The path of the model that the user named as RUN.</summary>
    public string Path(ParseResult parse) => PathOf(Given(parse));

    /// <summary>
    /// Checks that something can be written beside the model where the user names no place: not beside one that comes
    /// with the program, which is in the cache folder.
    /// </summary>
    /// <param name="parse">The command line.</param>
    /// <param name="what">What is written: "the report".</param>
    /// <exception cref="InputException">The model comes with the program.</exception>
    public void CheckHasFolder(ParseResult parse, string what)
    {
        if (IsPretrained(Given(parse)))
            throw new InputException($"{Given(parse)} comes with the program; name a folder for {what} with --out");
    }

    /// <summary>The path of a model: of one that comes with the program, if that is its name.</summary>
    public static string PathOf(string given) => IsPretrained(given) ? PretrainedModels.FolderOf(given) : given;

    // A run or a file of that name comes first; a folder that is no run does not: data folders are called so.
    private static bool IsPretrained(string given) =>
        PretrainedModels.Names.Contains(given) && !File.Exists(given) && !RunFolder.IsRun(given);

    /// <summary>Opens the model, and prints which tensors of its file were left out.</summary>
    public TrainedModel Open(ParseResult parse, Display messages, Device? device = null)
    {
        TrainedModel trained = Open(Path(parse), device, parse.GetValue(_key));
        ReportLeftOut(trained.Origin, messages);
        return trained;
    }

    private static TrainedModel Open(string path, Device? device, string? key)
    {
        try
        {
            return TrainedModel.Open(path, device, key);
        }
        catch (InputException e) when (PriorFile.Find(path) is not null)
        {
            throw new InputException(
                $"{path} is a prior; name the run of its tokenizer here, and the prior with --prior where a command "
                + "takes one", e);
        }
    }

    /// <summary>Prints one line with the tensors of a file that were left out, if any.</summary>
    public static void ReportLeftOut(ModelOrigin origin, Display messages)
    {
        if (origin.LeftOutSummary is { } names)
            messages.Line(
                $"{origin.Path}: left out {origin.LeftOut.Count} {(origin.LeftOut.Count == 1 ? "tensor" : "tensors")} "
                + $"that the model has no place for: {names}");
    }
}
