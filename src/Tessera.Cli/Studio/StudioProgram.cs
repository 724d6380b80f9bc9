using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Commands;
using Tessera.Features;
using Tessera.Imaging;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Studio;
using Tessera.Training;
using TrainSettings = Tessera.Cli.CommandLine.Settings;

namespace Tessera.Cli.Studio;

/// <summary>
/// What this program lends to the studio: the settings of its commands, and itself as further processes.
/// </summary>
internal sealed partial class StudioProgram : IStudioProgram
{
    private const string Length = "Length", Computing = "Computing", Others = "Options";

    private static readonly string[] NotInForm = [TrainSettings.KeyName, "--data-dir", "--cache"];

    private readonly TrainCommand _train = new(new Invocation(
        new Display(TextWriter.Null), new Display(TextWriter.Null), CancellationToken.None));

    public StudioProgram() => Settings =
    [
        .. Of(TrainSettings.ForStarting(), TrainSettings.ForBudget(), TrainSettings.ForResuming())
            .Where(entry => !NotInForm.Contains(entry.Setting.Option.Name))
            .Select(entry => new ProgramSetting(
                entry.Setting.Option.Name, entry.Topic, KindOf(entry.Setting.Option), HelpOf(entry.Setting.Option),
                WordsOf(entry.Setting.Option) is { Length: > 0 } words ? words : null,
                entry.CanResume, options => TextOf(entry.Setting.Get(options)))),
    ];

    public IReadOnlyList<ProgramSetting> Settings { get; }

    public TrainingOptions Check(IReadOnlyList<string> arguments)
    {
        try
        {
            return _train.Check(arguments);
        }
        catch (InputException e)
        {
            string message = InputHints.Describe(e, _train);
            string? option = e.Option is { } name ? InputHints.FlagOf(name) : OptionName().Match(message).Value;
            throw new InputException(message, e) { Option = option is { Length: > 0 } ? option : null };
        }
    }

    public IReadOnlyList<SettingValue> Describe(RunOptions options) => options switch
    {
        TrainingOptions own => Values(
            own, Preset.Default.OptionsFor(own.Data) with { Data = Preset.Default.Options.Data },
            TrainSettings.ForStarting(), TrainSettings.ForBudget(), TrainSettings.ForResuming()),
        PriorOptions own => Values(
            own, PriorOptions.Default, PriorSettings.ForStarting(), PriorSettings.ForBudget(),
            PriorSettings.ForResuming()),
        ClassifierOptions own => Values(
            own, ClassifierOptions.Default, ClassifierSettings.ForStarting(), ClassifierSettings.ForBudget(),
            ClassifierSettings.ForResuming()),
        _ => [],
    };

    public string CommandLine(IReadOnlyList<string> arguments) =>
        $"tessera {string.Join(' ', arguments.Select(InputHints.Quoted))}";

    public IProgramProcess Start(IReadOnlyList<string> arguments, string log) => DetachedProcess.Start(arguments, log);

    private static SettingValue[] Values<TOptions>(
        TOptions own, TOptions usual, SettingGroup<TOptions> starting, SettingGroup<TOptions> budget,
        SettingGroup<TOptions> resuming)
        where TOptions : RunOptions =>
    [
        .. Of(starting, budget, resuming).Select(entry => new SettingValue(
            entry.Setting.Option.Name, entry.Topic, HelpOf(entry.Setting.Option), TextOf(entry.Setting.Get(own)),
            TextOf(entry.Setting.Get(usual)))),
    ];

    private static IEnumerable<(Setting<TOptions> Setting, string Topic, bool CanResume)> Of<TOptions>(
        SettingGroup<TOptions> starting, SettingGroup<TOptions> budget, SettingGroup<TOptions> resuming)
        where TOptions : RunOptions =>
    [
        .. starting.Settings.Select(setting => (setting, setting.Topic.Length > 0 ? setting.Topic : Others, false)),
        .. budget.Settings.Select(setting => (setting, Length, true)),
        .. resuming.Settings.Select(setting => (setting, Computing, true)),
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
