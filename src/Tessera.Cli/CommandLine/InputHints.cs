using Tessera.Data;

namespace Tessera.Cli.CommandLine;

/// <summary>Says how a user of the command line mends an error; the library does not know its options.</summary>
internal static class InputHints
{
    /// <summary>What to type for an option of the library; for others, the option of the same name.</summary>
    private static readonly Dictionary<string, string> Options = new()
    {
        ["data-dir"] = "--data-dir DIR",
        ["key"] = "--key NAME",
        ["out"] = "tessera train --out DIR",
        ["resume"] = "tessera train --resume --out DIR",
        ["size"] = "--size HxW",
        ["split"] = "--split all, in eval and reconstruct",
    };

    /// <summary>The message in one line, with the option or the command that mends the error.</summary>
    public static string Describe(InputException error)
    {
        string message = error.Message.ReplaceLineEndings(" ");
        if (error is DataSetException) return $"{message} (tessera data {Cifar10.Name})";
        if (error.Option is not { } option) return message;
        // A message about the value of an option begins with its name.
        return message.StartsWith($"{option} ", StringComparison.Ordinal)
            ? $"--{message}"
            : $"{message} ({Options.GetValueOrDefault(option, $"--{option}")})";
    }
}
