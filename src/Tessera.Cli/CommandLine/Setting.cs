using System.CommandLine;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>An option of the command line that stands for one of <see cref="TrainingOptions"/>.</summary>
/// <param name="option">The option.</param>
internal abstract class Setting(Option option)
{
    public Option Option { get; } = option;

    /// <summary>The options with the value that the user gave, if any.</summary>
    public abstract TrainingOptions Apply(ParseResult parse, TrainingOptions options);

    /// <summary>The value in some options.</summary>
    public abstract object? Get(TrainingOptions options);
}

/// <summary>A setting of one type.</summary>
/// <typeparam name="T">What the option takes; null where it was not given.</typeparam>
/// <param name="option">The option.</param>
/// <param name="get">Reads the value.</param>
/// <param name="set">The options with another value.</param>
internal sealed class Setting<T>(
    Option<T> option, Func<TrainingOptions, object?> get, Func<TrainingOptions, T, TrainingOptions> set) : Setting(option)
{
    public override TrainingOptions Apply(ParseResult parse, TrainingOptions options) =>
        parse.IsGiven(option) ? set(options, parse.GetValue(option)!) : options;

    public override object? Get(TrainingOptions options) => get(options);
}
