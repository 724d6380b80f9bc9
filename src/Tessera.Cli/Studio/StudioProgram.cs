using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Commands;
using Tessera.Data;
using Tessera.Features;
using Tessera.Imaging;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Studio;
using Tessera.Studio.Contract;
using Tessera.Training;
using TrainSettings = Tessera.Cli.CommandLine.Settings;

namespace Tessera.Cli.Studio;

/// <summary>
/// What this program lends to the studio: the settings of its commands, and itself as further processes.
/// </summary>
internal sealed partial class StudioProgram : IStudioProgram
{
    private const string Length = "Length", Computing = "Computing";

    // A path never comes from a page; the images of a prior are those of its tokenizer.
    private static readonly string[] Places = [TrainSettings.KeyName, "--data-dir", "--cache"];
    private static readonly string[] Images = [TrainSettings.DataName, TrainSettings.SizeName];

    private readonly TrainCommand _train = new(Silent());
    private readonly PriorCommand _prior = new(Silent());
    private readonly ClassifierCommand _classifier = new(Silent());

    public StudioProgram() => Commands =
    [
        CommandOf(
            _train, RunKind.Tokenizer, Places,
            [.. Preset.All.Select(preset => new ProgramPreset(
                preset.Name, preset.Summary, preset.OptionsFor(Cifar10.Name)))]),
        CommandOf(_prior, RunKind.Prior, [.. Places, .. Images], Usual(PriorOptions.Default)),
        CommandOf(_classifier, RunKind.Classifier, Places, Usual(ClassifierOptions.Default)),
    ];

    public IReadOnlyList<ProgramCommand> Commands { get; }

    public IReadOnlyList<SettingValue> Describe(RunOptions options) => options switch
    {
        TrainingOptions own => Values(
            _train, own, Preset.Default.OptionsFor(own.Data) with { Data = Preset.Default.Options.Data }),
        PriorOptions own => Values(_prior, own, PriorOptions.Default),
        ClassifierOptions own => Values(_classifier, own, ClassifierOptions.Default),
        _ => [],
    };

    public string CommandLine(IReadOnlyList<string> arguments) =>
        $"tessera {string.Join(' ', arguments.Select(InputHints.Quoted))}";

    public IProgramProcess Start(IReadOnlyList<string> arguments, string log) => DetachedProcess.Start(arguments, log);

    private static Invocation Silent() =>
        new(new Display(TextWriter.Null), new Display(TextWriter.Null), CancellationToken.None);

    private static ProgramPreset[] Usual(RunOptions options) =>
        [new ProgramPreset(Preset.Default.Name, "the usual values", options)];

    private static ProgramCommand CommandOf<TOptions>(
        TrainingCommand<TOptions> command, RunKind kind, string[] leftOut, ProgramPreset[] presets)
        where TOptions : RunOptions => new(
            command.Name, kind, presets,
            [
                .. SettingsOf(command).Where(entry => !leftOut.Contains(entry.Setting.Option.Name))
                    .Select(entry => new ProgramSetting(
                        entry.Setting.Option.Name, entry.Topic, KindOf(entry.Setting.Option),
                        HelpOf(entry.Setting.Option),
                        WordsOf(entry.Setting.Option) is { Length: > 0 } words ? words : null,
                        entry.CanResume, options => TextOf(entry.Setting.Get((TOptions)options)))),
            ],
            arguments => Check(command, arguments));

    private static TOptions Check<TOptions>(TrainingCommand<TOptions> command, IReadOnlyList<string> arguments)
        where TOptions : RunOptions
    {
        try
        {
            return command.Check(arguments);
        }
        catch (InputException e)
        {
            string message = InputHints.Describe(e, command);
            // A message about an option begins with it; else the error may name one that mends it.
            string? option = OptionName().Match(message) is { Success: true } start ? start.Value
                : e.Option is { } name ? InputHints.FlagOf(name)
                : null;
            throw new InputException(message, e) { Option = option };
        }
    }

    private static SettingValue[] Values<TOptions>(TrainingCommand<TOptions> command, TOptions own, TOptions usual)
        where TOptions : RunOptions =>
    [
        .. SettingsOf(command).Select(entry => new SettingValue(
            entry.Setting.Option.Name, entry.Topic, HelpOf(entry.Setting.Option), TextOf(entry.Setting.Get(own)),
            TextOf(entry.Setting.Get(usual)))),
    ];

    private static IEnumerable<(Setting<TOptions> Setting, string Topic, bool CanResume)> SettingsOf<TOptions>(
        TrainingCommand<TOptions> command)
        where TOptions : RunOptions =>
    [
        .. command.Starting.Settings.Select(setting => (setting, setting.Topic, false)),
        .. command.Budget.Settings.Select(setting => (setting, Length, true)),
        .. command.Resuming.Settings.Select(setting => (setting, Computing, true)),
    ];

    private static SettingKind KindOf(Option option) => option.Name switch
    {
        TrainSettings.DataName => SettingKind.Data,
        TrainSettings.InitName => SettingKind.Init,
        LossSettings.FeaturesName => SettingKind.Features,
        _ when option.ValueType == typeof(int[]) => SettingKind.Integers,
        _ when option.ValueType == typeof(ImageSize?) => SettingKind.Size,
        _ when option.ValueType == typeof(float?) || option.ValueType == typeof(double?) => SettingKind.Number,
        _ when option.ValueType != typeof(string) => SettingKind.Integer,
        _ => WordsOf(option) is ["off", "on"] ? SettingKind.Switch : SettingKind.Choice,
    };

    private static string[] WordsOf(Option option) => option.ValueType != typeof(string)
        ? []
        : [.. option.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty).Select(word => word.Label)];

    private static string HelpOf(Option option) => DefaultNote().Replace(option.Description ?? "", "");

    private static string? TextOf(object? value) =>
        Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;

    [GeneratedRegex(@" *\[default:[^\]]*\]")]
    private static partial Regex DefaultNote();

    [GeneratedRegex(@"^--[a-z][a-z-]*")]
    private static partial Regex OptionName();
}
