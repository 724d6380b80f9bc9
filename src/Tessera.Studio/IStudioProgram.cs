using Tessera.Runs;
using Tessera.Studio.Contract;

namespace Tessera.Studio;

/// <summary>
/// The program that the studio is a part of: it has the commands that train, and runs as further processes. The studio
/// knows no command line.
/// </summary>
internal interface IStudioProgram
{
    /// <summary>The commands that train, one for each kind of run.</summary>
    IReadOnlyList<ProgramCommand> Commands { get; }

    /// <summary>The settings of a run with their values; empty for runs of an unknown kind.</summary>
    IReadOnlyList<SettingValue> Describe(RunOptions options);

    /// <summary>The command line for people.</summary>
    string CommandLine(IReadOnlyList<string> arguments);

    /// <summary>
    /// Starts the program as a process of its own, which goes on when this one ends and which the terminal's Ctrl-C
    /// does not stop.
    /// </summary>
    /// <param name="arguments">The command and its arguments.</param>
    /// <param name="log">The file that its output goes to.</param>
    /// <exception cref="InputException">It cannot be started.</exception>
    IProgramProcess Start(IReadOnlyList<string> arguments, string log);
}

/// <summary>A process of the program.</summary>
internal interface IProgramProcess
{
    /// <summary>Its exit code; null while it runs.</summary>
    int? ExitCode { get; }

    /// <summary>When it ended, UTC; null while it runs.</summary>
    DateTime? Ended { get; }

    /// <summary>Ends it at once.</summary>
    void Kill();
}

/// <summary>How a setting's value is written.</summary>
internal enum SettingKind
{
    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number.</summary>
    Number,

    /// <summary>Whole numbers with commas between.</summary>
    Integers,

    /// <summary>A number, or height x width.</summary>
    Size,

    /// <summary>One of a few words.</summary>
    Choice,

    /// <summary>On or off.</summary>
    Switch,

    /// <summary>The name of images: shapes, cifar10 or a folder.</summary>
    Data,

    /// <summary>A run whose weights a new one begins with.</summary>
    Init,

    /// <summary>The run of a classifier.</summary>
    Features,
}

/// <summary>A command that trains.</summary>
/// <param name="Name">Its name on the command line: <c>train</c>.</param>
/// <param name="Kind">What it trains.</param>
/// <param name="Presets">The values of settings that are not given; the first preset is the usual one.</param>
/// <param name="Settings">Its settings but those that name places, in the order of its help.</param>
/// <param name="Check">
/// Checks arguments (without the command's name) as the command does, and starts nothing. Gives the options that the
/// run would have. Throws an <see cref="InputException"/> that names an option as the command line does, in its message
/// and in <see cref="InputException.Option"/>.
/// </param>
internal sealed record ProgramCommand(
    string Name, RunKind Kind, IReadOnlyList<ProgramPreset> Presets, IReadOnlyList<ProgramSetting> Settings,
    Func<IReadOnlyList<string>, RunOptions> Check);

/// <summary>Values of all settings of a command.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Summary">What it is good for.</param>
/// <param name="Options">The values, as for CIFAR-10.</param>
internal sealed record ProgramPreset(string Name, string Summary, RunOptions Options);

/// <summary>A setting of a command.</summary>
/// <param name="Name">Its name on the command line: <c>--codes</c>.</param>
/// <param name="Group">The title of the settings it stands among.</param>
/// <param name="Kind">How its value is written.</param>
/// <param name="Help">What it does, without its default.</param>
/// <param name="Choices">The words to choose from; null for other kinds.</param>
/// <param name="CanResume">Whether a resumed run can change it.</param>
/// <param name="Get">Its value in options; null where they have none.</param>
internal sealed record ProgramSetting(
    string Name, string Group, SettingKind Kind, string Help, IReadOnlyList<string>? Choices, bool CanResume,
    Func<RunOptions, string?> Get);

/// <summary>A setting of a run.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Group">The title of the settings it stands among.</param>
/// <param name="Help">What it does.</param>
/// <param name="Value">Its value; null where it does not apply.</param>
/// <param name="Default">The value of the default recipe.</param>
internal sealed record SettingValue(string Name, string Group, string Help, string? Value, string? Default);
