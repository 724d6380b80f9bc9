using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Runs;
using Tessera.Tensors.Devices;

namespace Tessera.Cli.Commands;

/// <summary>A command with examples in its help.</summary>
internal abstract class TesseraCommand : Command, IHasExamples
{
    /// <summary>Creates the command.</summary>
    /// <param name="invocation">The streams and the cancellation.</param>
    /// <param name="name">The name that the user types.</param>
    /// <param name="description">The description in the help.</param>
    /// <param name="examples">Example command lines for the help.</param>
    protected TesseraCommand(Invocation invocation, string name, string description, params string[] examples)
        : base(name, description)
    {
        Invocation = invocation;
        Examples = examples;
        SetAction(parse =>
        {
            if (Invocation.Ranks.Size > 1 && !RunsOnRanks)
                throw new InputException($"tessera {Name} runs in one process; start it without mpirun");
            Run(parse);
        });
    }

    /// <summary>Example command lines for the help.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>The streams and the cancellation.</summary>
    protected Invocation Invocation { get; }

    /// <summary>Whether several processes can run the command together.</summary>
    protected virtual bool RunsOnRanks => false;

    /// <summary>
    /// Creates the device that the options name, for this process's share of the machine, and prints a line for each
    /// that would have been taken if it computed right.
    /// </summary>
    /// <exception cref="InputException">There is no such device, or it cannot be used.</exception>
    protected Device CreateDevice(RunOptions options)
    {
        RankPlace place = RankPlace.Find(Invocation.Ranks);
        if (Invocation.Ranks.Size > 1) options = options with { Threads = options.Threads ?? place.Threads };
        return options.CreateDevice(
            (name, fault) => Invocation.Error.Line($"{name} is not used: {fault}"), place.Place);
    }

    /// <summary>Runs the command.</summary>
    /// <exception cref="InputException">An option or input is wrong.</exception>
    protected abstract void Run(ParseResult parse);
}
