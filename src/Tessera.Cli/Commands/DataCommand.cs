using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera data</c>: finds or downloads data sets, and packs images.</summary>
internal sealed class DataCommand : Command, IHasExamples
{
    public DataCommand(Invocation invocation) : base(
        "data", "Finds or downloads a data set; packs images into one file.")
    {
        Subcommands.Add(new DataCifar10Command(invocation));
        Subcommands.Add(new DataPackCommand(invocation));
        Subcommands.Add(new DataInfoCommand(invocation));
    }

    /// <summary>None: its subcommands have examples.</summary>
    public IReadOnlyList<string> Examples => [];
}

/// <summary>
/// <c>tessera data cifar10</c>: finds CIFAR-10, or downloads, verifies and unpacks it; then reads it as a check.
/// </summary>
internal sealed class DataCifar10Command : TesseraCommand
{
    private readonly Option<string?> _dataDir = NewOption.Text(
        "--data-dir", "DIR",
        "Folder to search first, then the folder in the environment variable TESSERA_DATA and the user's cache folder; "
            + "a download goes to the first of them that is set.");

    public DataCifar10Command(Invocation invocation) : base(
        invocation, Cifar10.Name, "Finds CIFAR-10, or downloads, verifies and unpacks it (170 MB).",
        "tessera data cifar10", "tessera data cifar10 --data-dir data") =>
        Options.Add(_dataDir);

    protected override void Run(ParseResult parse)
    {
        var loader = new ImageLoader(Invocation.Output, skipsDamaged: false, Invocation.Cancellation);
        string folder = loader.FindCifar10(parse.GetValue(_dataDir));
        ImageSet train = Cifar10.Load(folder, Split.Train), test = Cifar10.Load(folder, Split.Test);
        Invocation.Output.Line(
            $"CIFAR-10 is in {folder}: {train.Count} images to train on, {test.Count} to test on");
    }
}
