namespace Tessera.Cli.CommandLine;

/// <summary>A command with examples of its own in its help.</summary>
internal interface IHasExamples
{
    /// <summary>Example command lines for the help; none for a command that only groups others.</summary>
    IReadOnlyList<string> Examples { get; }
}
