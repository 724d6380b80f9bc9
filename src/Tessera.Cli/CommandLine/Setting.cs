using System.CommandLine;
using Tessera.Runs;

namespace Tessera.Cli.CommandLine;

/// <summary>A command-line option that sets one of the options of a run.</summary>
/// <typeparam name="TOptions">The options of the run.</typeparam>
/// <param name="option">The option.</param>
internal abstract class Setting<TOptions>(Option option) where TOptions : RunOptions
{
    public Option Option { get; } = option;

    /// <summary>The title of the settings among which a form shows it.</summary>
    public string Topic { get; init; } = "";

    /// <summary>The run's options with the value that the user gave, if any.</summary>
    public abstract TOptions Apply(ParseResult parse, TOptions options);

    /// <summary>The value in the run's options.</summary>
    public abstract object? Get(TOptions options);

    /// <summary>The same setting under a title.</summary>
    public abstract Setting<TOptions> Under(string topic);
}

/// <summary>A setting with a typed value.</summary>
/// <typeparam name="TOptions">The options of the run.</typeparam>
/// <typeparam name="T">The type of the option's value, nullable: null if the option is not given.</typeparam>
/// <param name="option">The option.</param>
/// <param name="get">Gets the value from the run's options.</param>
/// <param name="set">Returns the run's options with another value.</param>
internal sealed class Setting<TOptions, T>(
    Option<T> option, Func<TOptions, object?> get, Func<TOptions, T, RunOptions> set)
    : Setting<TOptions>(option)
    where TOptions : RunOptions
{
    public override TOptions Apply(ParseResult parse, TOptions options) =>
        parse.IsGiven(option) ? (TOptions)set(options, parse.GetValue(option)!) : options;

    public override object? Get(TOptions options) => get(options);

    public override Setting<TOptions> Under(string topic) =>
        new Setting<TOptions, T>(option, get, set) { Topic = topic };
}
