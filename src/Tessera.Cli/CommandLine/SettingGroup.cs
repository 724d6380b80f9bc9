using System.CommandLine;
using Tessera.Runs;

namespace Tessera.Cli.CommandLine;

/// <summary>Settings of one command.</summary>
/// <typeparam name="TOptions">The options of the run that they set.</typeparam>
internal sealed class SettingGroup<TOptions>(params Setting<TOptions>[] settings) where TOptions : RunOptions
{
    /// <summary>The options, in the order of the help.</summary>
    public IEnumerable<Option> Options => settings.Select(setting => setting.Option);

    /// <summary>The settings, in the order of the help.</summary>
    public IReadOnlyList<Setting<TOptions>> Settings => settings;

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Setting<TOptions> setting in settings) command.Options.Add(setting.Option);
    }

    /// <summary>The run's options with the values that the user gave, validated.</summary>
    /// <exception cref="InputException">A value is out of its range; the message names the option.</exception>
    public TOptions Apply(ParseResult parse, TOptions options)
    {
        foreach (Setting<TOptions> setting in settings) options = setting.Apply(parse, options);
        options.Validate();
        return options;
    }

    /// <summary>The first option that differs between two runs, with both values; null if none differs.</summary>
    public (string Name, object? First, object? Second)? FindDifference(TOptions first, TOptions second) =>
        settings.Where(setting => !Equals(setting.Get(first), setting.Get(second)))
            .Select(setting =>
                ((string, object?, object?)?)(setting.Option.Name, setting.Get(first), setting.Get(second)))
            .FirstOrDefault();
}
