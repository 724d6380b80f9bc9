using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Tessera.Cli.CommandLine;

/// <summary><c>--help</c>: the help of System.CommandLine, followed by examples.</summary>
internal sealed class ExamplesHelpAction : SynchronousCommandLineAction
{
    private const int WidestLine = 110;

    private static readonly string[] FirstSteps =
        ["tessera train", "tessera train --help", "tessera eval runs/shapes-1", "tessera reconstruct runs/shapes-1"];

    private readonly HelpAction _help = new();

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        _help.MaxWidth = Math.Min(_help.MaxWidth, WidestLine);
        int code = _help.Invoke(parseResult);
        IReadOnlyList<string> examples =
            parseResult.CommandResult.Command is IHasExamples command ? command.Examples : FirstSteps;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (examples.Count > 0) output.WriteLine("Examples:");
        foreach (string example in examples) output.WriteLine($"  {example}");
        return code;
    }
}
