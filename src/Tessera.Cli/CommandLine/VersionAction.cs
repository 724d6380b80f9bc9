using System.CommandLine;
using System.CommandLine.Invocation;
using Tessera.Runs;

namespace Tessera.Cli.CommandLine;

/// <summary><c>--version</c>: prints the version, which is also written to run folders.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine(RunFolder.Version);
        return 0;
    }
}
