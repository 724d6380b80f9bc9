namespace Tessera.Cli;

/// <summary>The streams and the cancellation of one call of the program.</summary>
/// <param name="Output">The stream of results.</param>
/// <param name="Error">The stream of messages.</param>
/// <param name="Cancellation">Cancelled when the user interrupts.</param>
internal sealed record Invocation(Display Output, Display Error, CancellationToken Cancellation);
