using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Tessera.Imaging;

namespace Tessera.Cli.CommandLine;

/// <summary>Creates options whose error messages are one line that starts with the option's name.</summary>
internal static class NewOption
{
    /// <summary>The name of the option that leaves out damaged images.</summary>
    public const string SkipDamagedName = "--skip-damaged";

    /// <summary>An option that takes a text that is not empty, such as a path or a name.</summary>
    public static Option<string?> Text(string name, string helpName, string description) =>
        new(name)
        {
            HelpName = helpName,
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (text.Length == 0)
                    result.AddError($"{name}: its value is empty; give {helpName} or leave the option out");
                return text;
            },
        };

    /// <summary>An option without a value.</summary>
    public static Option<bool> Flag(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>An option that takes one of a few words.</summary>
    public static Option<string?> Choice(string name, string description, params string[] words) =>
        Choice(name, description, words, new Dictionary<string, string>());

    /// <summary>An option that takes one of a few words, or a former name of one, which becomes the word.</summary>
    public static Option<string?> Choice(
        string name, string description, string[] words, IReadOnlyDictionary<string, string> formerNames)
    {
        var option = new Option<string?>(name) { HelpName = string.Join('|', words), Description = description };
        option.CustomParser = result =>
        {
            string text = formerNames.GetValueOrDefault(result.Tokens[0].Value, result.Tokens[0].Value);
            if (!words.Contains(text)) result.AddError($"{name} {text}: choose one of {string.Join(", ", words)}");
            return text;
        };
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>An option that takes a whole number.</summary>
    public static Option<T?> Integer<T>(string name, string description, params string[] aliases)
        where T : struct, IBinaryInteger<T> =>
        new(name, aliases)
        {
            HelpName = "N",
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T value))
                    return value;
                result.AddError(BigInteger.TryParse(text, CultureInfo.InvariantCulture, out _)
                    ? $"{name} {text}: the number is out of range"
                    : $"{name} {text}: give a whole number");
                return null;
            },
        };

    /// <summary>An option that takes whole numbers with commas between them.</summary>
    public static Option<int[]?> Integers(string name, string description) =>
        new(name)
        {
            HelpName = "N,N,...",
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                var numbers = new List<int>();
                foreach (string part in text.Split(','))
                {
                    if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                    {
                        numbers.Add(number);
                        continue;
                    }
                    result.AddError($"{name} {text}: give whole numbers with commas between them, such as 8,5,5,5");
                    return null;
                }
                return [.. numbers];
            },
        };

    /// <summary>An option that takes a number, such as 0.25 or 1e-3.</summary>
    public static Option<T?> Number<T>(string name, string description) where T : struct, IFloatingPoint<T> =>
        new(name)
        {
            HelpName = "X",
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out T value)) return value;
                result.AddError($"{name} {text}: give a number, such as 0.25 or 1e-3");
                return null;
            },
        };

    /// <summary>An option that takes the size of images, and <c>native</c> if that is allowed.</summary>
    public static Option<ImageSize?> Size(string name, string description, bool allowsNative) =>
        new(name)
        {
            HelpName = allowsNative ? "N|HxW|native" : "N|HxW",
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (allowsNative && text == ImageSize.Native.ToString()) return ImageSize.Native;
                if (ImageSize.TryParse(text, out ImageSize size)) return size;
                result.AddError(
                    $"{name} {text}: give a whole number, or height x width such as 32x48"
                    + (allowsNative ? ", or native" : ""));
                return null;
            },
        };

    /// <summary>An option that takes a number of bytes, such as 500MB or 2GiB.</summary>
    public static Option<long?> ByteCount(string name, string description) =>
        new(name)
        {
            HelpName = "BYTES",
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (ByteCounts.TryParse(text, out long bytes)) return bytes;
                result.AddError($"{name} {text}: give a number of bytes, such as 500MB or 2GiB");
                return null;
            },
        };

    /// <summary>The option that takes only the first codes of a cell.</summary>
    /// <param name="does">What the command does with them, as in "Decodes".</param>
    public static Option<int?> FirstLevels(string does) => Integer<int>(
        "--depth",
        $"{does} the first N codes alone of each cell (of each group, if there are several) of a model that was "
            + "trained with --depth, as if the others were not there [default: all].");

    /// <summary>The option that leaves out damaged images.</summary>
    public static Option<bool> SkipDamaged() => Flag(
        SkipDamagedName, "Leaves out images that cannot be read, and prints how many.");

    /// <summary>Whether the user gave an option.</summary>
    public static bool IsGiven(this ParseResult parse, Option option) =>
        parse.GetResult(option) is OptionResult { Implicit: false };
}
