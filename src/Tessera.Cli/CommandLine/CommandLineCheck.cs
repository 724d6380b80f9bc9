using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Tessera.Cli.CommandLine;

/// <summary>Reports an error of the command line as one line that says how to fix it.</summary>
internal static class CommandLineCheck
{
    /// <summary>Parses a command line.</summary>
    // No response files: @file must stay usable as the name of an image.
    public static ParseResult Parse(Command command, IReadOnlyList<string> args) => command.Parse(
        args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });

    /// <summary>Checks a parsed command line.</summary>
    /// <exception cref="InputException">The command line is wrong.</exception>
    public static void ThrowIfWrong(ParseResult parse, IReadOnlyList<string> args)
    {
        Command command = parse.CommandResult.Command;
        if (parse.Action is not ParseErrorAction && parse.Action != command.Action) return;
        ThrowIfUnknownOption(command, args);
        if (parse.Errors.Count == 0) return;

        string help = $"see {FullName(command)} --help";
        ParseError error = parse.Errors[0];
        string message = error.Message.ReplaceLineEndings(" ").TrimEnd('.');
        throw new InputException(error.SymbolResult switch
        {
            OptionResult { Tokens.Count: 0 } option => $"{option.Option.Name}: its value is missing; {help}",
            OptionResult { Tokens.Count: > 1 } option => $"{option.Option.Name} is given more than once; give it once",
            OptionResult => message,
            CommandResult when command.Subcommands.Count > 0 && parse.UnmatchedTokens is [var word, ..] =>
                $"there is no command {word}{Suggestion(word, command.Subcommands.Select(sub => sub.Name))} ({help})",
            CommandResult when parse.UnmatchedTokens is [var word, ..] => $"unexpected argument {word}; {help}",
            CommandResult when command.Subcommands.Count > 0 =>
                $"{command.Name} needs a subcommand "
                + $"({string.Join(", ", command.Subcommands.Select(sub => sub.Name))}); {help}",
            ArgumentResult argument => $"{argument.Argument.Name} is missing; {help}",
            _ => $"{message}; {help}",
        });
    }

    /// <summary>Refuses unknown options: the parser would take a mistyped --cuont for an image file.</summary>
    private static void ThrowIfUnknownOption(Command command, IReadOnlyList<string> args)
    {
        string[] known = [.. OptionsOf(command).SelectMany(option => option.Aliases.Prepend(option.Name))];
        foreach (string arg in args.TakeWhile(arg => arg != "--"))
        {
            string name = arg.Split('=', ':')[0];
            bool isOption = name.Length > 1 && name[0] == '-' && (name[1] == '-' || char.IsAsciiLetter(name[1]));
            if (isOption && !known.Contains(name))
                throw new InputException(
                    $"there is no option {name}{Suggestion(name, known)} (see {FullName(command)} --help)");
        }
    }

    private static IEnumerable<Option> OptionsOf(Command command)
    {
        IEnumerable<Option> inherited =
            Ancestors(command).SelectMany(parent => parent.Options).Where(option => option.Recursive);
        return command.Options.Concat(inherited).Where(option => !option.Hidden);
    }

    private static string FullName(Command command) =>
        string.Join(' ', Ancestors(command).Reverse().Append(command).Select(part => part.Name));

    private static IEnumerable<Command> Ancestors(Command command)
    {
        for (Command? parent = Parent(command); parent is not null; parent = Parent(parent)) yield return parent;

        static Command? Parent(Command child) => child.Parents.OfType<Command>().FirstOrDefault();
    }

    /// <summary>A hint at the most similar known word; none if more than half of its letters differ.</summary>
    private static string Suggestion(string word, IEnumerable<string> known) =>
        known.MinBy(candidate => EditDistance(word, candidate)) is { } nearest
        && EditDistance(word, nearest) <= nearest.Length / 2
            ? $"; did you mean {nearest}?"
            : "";

    /// <summary>
    /// The least number of insertions, deletions and replacements that turn one word into another (Levenshtein 1966).
    /// </summary>
    internal static int EditDistance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }
        return row[^1];
    }
}
