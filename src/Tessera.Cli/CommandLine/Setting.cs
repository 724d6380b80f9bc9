using System.CommandLine;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>A command-line option that sets one of the <see cref="TrainingOptions"/>.</summary>
/// <param name="option">The option.</param>
internal abstract class Setting(Option option)
{
    public Option Option { get; } = option;

    /// <summary>The training options with the value that the user gave, if any.</summary>
    public abstract TrainingOptions Apply(ParseResult parse, TrainingOptions options);

    /// <summary>The value in the training options.</summary>
    public abstract object? Get(TrainingOptions options);
}

/// <summary>A setting with a typed value.</summary>
/// <typeparam name="T">The type of the option's value, nullable: null if the option is not given.</typeparam>
/// <param name="option">The option.</param>
/// <param name="get">Gets the value from training options.</param>
/// <param name="set">Returns training options with another value.</param>
internal sealed class Setting<T>(
    Option<T> option, Func<TrainingOptions, object?> get, Func<TrainingOptions, T, TrainingOptions> set)
    : Setting(option)
{
    public override TrainingOptions Apply(ParseResult parse, TrainingOptions options) =>
        parse.IsGiven(option) ? set(options, parse.GetValue(option)!) : options;

    public override object? Get(TrainingOptions options) => get(options);
}
