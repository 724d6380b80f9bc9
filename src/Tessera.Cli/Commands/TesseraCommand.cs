using System.CommandLine;

namespace Tessera.Cli.Commands;

/// <summary>A command with examples in its help.</summary>
internal abstract class TesseraCommand : Command
{
    /// <summary>Creates the command.</summary>
    /// <param name="invocation">What it works with.</param>
    /// <param name="name">What the user types.</param>
    /// <param name="description">What it does, for the help.</param>
    /// <param name="examples">Command lines for the help.</param>
    protected TesseraCommand(Invocation invocation, string name, string description, params string[] examples)
        : base(name, description)
    {
        Invocation = invocation;
        Examples = examples;
        SetAction(Run);
    }

    /// <summary>Command lines for the help.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>What it works with.</summary>
    protected Invocation Invocation { get; }

    /// <summary>Does the work.</summary>
    /// <exception cref="InputException">An option or input is wrong.</exception>
    protected abstract void Run(ParseResult parse);
}
