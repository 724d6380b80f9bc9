using Tessera.Tensors.Distributed;

namespace Tessera.Cli;

/// <summary>The streams and the cancellation of one call of the program.</summary>
/// <param name="Output">The stream of results.</param>
/// <param name="Error">The stream of messages.</param>
/// <param name="Cancellation">Cancelled when the user interrupts.</param>
internal sealed record Invocation(Display Output, Display Error, CancellationToken Cancellation)
{
    /// <summary>The processes that were started together.</summary>
    public Collective Ranks { get; init; } = Collective.Lone;

    /// <summary>Whether this process writes the files and the messages.</summary>
    public bool IsFirst => Ranks.Rank == 0;
}
