using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Studio;

/// <summary>
/// The program that the studio is a part of: it has the settings of <c>tessera train</c> and runs as further processes.
/// The studio knows no command line.
/// </summary>
internal interface IStudioProgram
{
    /// <summary>The settings of <c>train</c>, in the order of its help.</summary>
    IReadOnlyList<ProgramSetting> Settings { get; }

    /// <summary>Checks the arguments of <c>train</c> as the command does, and starts nothing.</summary>
    /// <param name="arguments">Names and values of options.</param>
    /// <returns>The options that the run would have.</returns>
    /// <exception cref="InputException">
    /// One is wrong; the message names it as the command line does, and so does <see cref="InputException.Option"/>.
    /// </exception>
    TrainingOptions Check(IReadOnlyList<string> arguments);

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

/// <summary>A setting of <c>train</c>.</summary>
/// <param name="Name">Its name on the command line: <c>--codes</c>.</param>
/// <param name="Group">The title of the settings it stands among.</param>
/// <param name="Kind">How its value is written.</param>
/// <param name="Help">What it does, without its default.</param>
/// <param name="Choices">The words to choose from; null for other kinds.</param>
/// <param name="CanResume">Whether a resumed run can change it.</param>
/// <param name="Get">Its value in options; null where they have none.</param>
internal sealed record ProgramSetting(
    string Name, string Group, SettingKind Kind, string Help, IReadOnlyList<string>? Choices, bool CanResume,
    Func<TrainingOptions, string?> Get);

/// <summary>A setting of a run.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Group">The title of the settings it stands among.</param>
/// <param name="Help">What it does.</param>
/// <param name="Value">Its value; null where it does not apply.</param>
/// <param name="Default">The value of the default recipe.</param>
internal sealed record SettingValue(string Name, string Group, string Help, string? Value, string? Default);
