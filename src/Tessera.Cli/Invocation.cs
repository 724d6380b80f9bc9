namespace Tessera.Cli;

/// <summary>What every command is given.</summary>
/// <param name="Output">Where results go.</param>
/// <param name="Error">Where messages go.</param>
/// <param name="Cancellation">Cancelled when the user interrupts.</param>
internal sealed record Invocation(Display Output, Display Error, CancellationToken Cancellation);
