using Tessera.Data;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;

namespace Tessera.Studio.Runs;

/// <summary>A run that a form asks for.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">The full path of its folder.</param>
/// <param name="Arguments">The command that trains it, and its arguments.</param>
/// <param name="Shown">The shortest command line that trains it, as the user would type it.</param>
/// <param name="Values">The values of its settings; those of places by id.</param>
internal sealed record PlannedRun(
    string Name, string Path, IReadOnlyList<string> Arguments, string Shown,
    IReadOnlyDictionary<string, string?> Values);

/// <summary>
/// The form that starts a run: the settings of a command that trains. A path never comes from a client: images and runs
/// are chosen by id.
/// </summary>
internal sealed class RunForm(StudioOptions options, RunCatalog catalog, RunReader reader, IStudioProgram program)
{
    /// <summary>Runs of the studio write no report: its pages have all that at hand.</summary>
    public const string NoReport = "--no-report";

    private const int MostNameCharacters = 64;
    private const string DataName = "--data", PresetName = "--preset";

    /// <summary>Describes the form of a kind of run.</summary>
    public FormAnswer Describe(string kind)
    {
        ProgramCommand command = CommandOf(kind);
        bool isPrior = command.Kind == RunKind.Prior;
        RunList runs = reader.All();
        return new FormAnswer(
            command.Kind, [.. program.Commands.Select(known => known.Kind)],
            [.. command.Presets.Select(preset => new PresetAnswer(preset.Name, preset.Summary))],
            isPrior ? [] : [.. Targets().Select(folder => new FormFolder(folder.Id, folder.Name))],
            isPrior ? [.. WithoutPrior(runs).Select(run => new FormChoice(run.Id, run.Path))] : [],
            [.. command.Settings.Select(setting => setting.Group).Distinct()],
            [.. command.Settings.Select(setting => Describe(setting, command, runs))]);
    }

    /// <summary>The run that a request asks for; what is wrong is an error.</summary>
    public PlannedRun Plan(StartRequest request)
    {
        ProgramCommand command = CommandOf(request.Kind);
        (string name, string path, string[] subject, string[] place) =
            request.Kind == RunKind.Prior ? PriorPlace(request) : Place(request);
        List<string[]> given = [.. Settings(command, request.Values, _ => true)];
        if (request.Preset is { } preset && (command.Presets.Count > 1 || preset != command.Presets[0].Name))
            given.Insert(0, [PresetName, preset]);
        // Checked as the command does, but for the folder, which is shown as the user named it.
        RunOptions checkedOptions = Checked(command, [.. subject, .. given.SelectMany(words => words)]);
        string[][] needed = Needed(command, subject, given, checkedOptions);
        string[] quiet = request.Kind == RunKind.Tokenizer ? [NoReport] : [];
        return new PlannedRun(
            name, path, [command.Name, .. subject, .. given.SelectMany(words => words), .. quiet, .. place],
            CommandLine([command.Name, .. subject, .. needed.SelectMany(words => words), .. place]),
            command.Settings.ToDictionary(setting => setting.Name, setting => Shown(setting, checkedOptions)));
    }

    /// <summary>A command line as the user would type it.</summary>
    public string CommandLine(IEnumerable<string> arguments) => program.CommandLine(
    [
        .. arguments.Select(argument =>
            options.Images.FirstOrDefault(images => Path.GetFullPath(images) == argument) ?? catalog.Shown(argument)),
    ]);

    /// <summary>Says what a request would start, or why it cannot.</summary>
    public CheckAnswer Check(StartRequest request)
    {
        try
        {
            PlannedRun plan = Plan(request);
            return new CheckAnswer(null, null, plan.Name, plan.Shown, plan.Values);
        }
        catch (StudioException e)
        {
            return new CheckAnswer(e.Message, e.Option, null, null, null);
        }
    }

    /// <summary>The settings that a user gave: the name and the value of each as arguments.</summary>
    /// <param name="command">The command.</param>
    /// <param name="values">Names and values; images and runs by id.</param>
    /// <param name="isAllowed">Whether a setting may be given.</param>
    public IEnumerable<string[]> Settings(
        ProgramCommand command, IReadOnlyDictionary<string, string> values, Func<ProgramSetting, bool> isAllowed)
    {
        foreach ((string name, string value) in values)
        {
            ProgramSetting setting = command.Settings.FirstOrDefault(known => known.Name == name)
                ?? throw StudioException.Wrong($"there is no setting {name}", name);
            if (!isAllowed(setting))
                throw StudioException.Wrong($"{name} cannot change when a run is resumed", name);
            yield return [name, Resolved(setting, value)];
        }
    }

    /// <summary>The command that trains runs of a kind.</summary>
    public ProgramCommand CommandOf(RunKind kind) => CommandOf($"{kind}");

    private ProgramCommand CommandOf(string kind) =>
        program.Commands.FirstOrDefault(
            command => string.Equals($"{command.Kind}", kind, StringComparison.OrdinalIgnoreCase))
        ?? throw StudioException.Wrong(
            $"kind must be {string.Join(", ", program.Commands.Select(command => $"{command.Kind}".ToLowerInvariant()))}",
            "kind");

    /// <summary>The folder of a new run of its own.</summary>
    private (string Name, string Path, string[] Subject, string[] Place) Place(StartRequest request)
    {
        StudioFolder folder = request.Folder is null
            ? Targets().FirstOrDefault()
                ?? throw StudioException.Conflict("the studio was given no folder for new runs")
            : Targets().FirstOrDefault(target => target.Id == request.Folder)
                ?? throw StudioException.NotFound($"folder {request.Folder}");
        string name = request.Name is { Length: > 0 } given ? Checked(given) : FreeName(folder, request);
        string path = Path.Combine(folder.Path, name);
        if (Directory.Exists(path) || File.Exists(path))
            throw StudioException.Conflict($"{Path.Combine(folder.Name, name)} exists already; choose another name");
        return (name, path, [], ["--out", path]);
    }

    /// <summary>The folder of a prior, in that of its tokenizer.</summary>
    private (string Name, string Path, string[] Subject, string[] Place) PriorPlace(StartRequest request)
    {
        if (request.Run is not { } id) throw StudioException.Wrong("run is missing: name the tokenizer", "run");
        RunEntry entry = catalog.Find(id);
        RunAnswer run = reader.Read(entry);
        if (run.IsBuiltIn) throw StudioException.Conflict($"{run.Name} comes with the program and is not trained on");
        if (run.Kind != RunKind.Tokenizer) throw StudioException.Conflict($"{run.Path} is not the run of a tokenizer");
        if (run.ModelVersion is null)
            throw StudioException.Conflict($"{run.Path} has no model yet: wait for its first checkpoint");
        if (run.State == RunCondition.Running)
            throw StudioException.Conflict($"{run.Path} still learns: a prior needs codes that no longer change");
        string path = Path.Combine(entry.Path, PriorRun.FolderName);
        return Directory.Exists(path) || File.Exists(path)
            ? throw StudioException.Conflict($"{run.Path} has a prior already; resume it, or delete its folder")
            : ($"{entry.Name}/{PriorRun.FolderName}", path, [entry.Path], []);
    }

    private static IEnumerable<RunAnswer> WithoutPrior(RunList runs) => runs.Runs.Where(run =>
        run is { Kind: RunKind.Tokenizer, ModelVersion: not null, Prior: null, IsBuiltIn: false }
        && run.State != RunCondition.Running);

    /// <summary>The settings without which the run would be another.</summary>
    private static string[][] Needed(
        ProgramCommand command, string[] subject, List<string[]> given, RunOptions wanted)
    {
        string[][] needed = [.. given];
        foreach (string[] one in given)
        {
            string[][] others = [.. needed.Where(other => other != one)];
            if (IsSame(command, [.. subject, .. others.SelectMany(words => words)], wanted)) needed = others;
        }
        return needed;
    }

    private static bool IsSame(ProgramCommand command, IReadOnlyList<string> arguments, RunOptions wanted)
    {
        try
        {
            RunOptions found = command.Check(arguments);
            return command.Settings.All(setting => setting.Get(found) == setting.Get(wanted));
        }
        catch (InputException)
        {
            return false;
        }
    }

    private string? Shown(ProgramSetting setting, RunOptions from)
    {
        string? value = setting.Get(from);
        return value is null || setting.Kind is not (SettingKind.Data or SettingKind.Init or SettingKind.Features)
            ? value
            : Choices(setting, reader.All()).FirstOrDefault(choice => Resolved(setting, choice.Value) == value)?.Value;
    }

    private FormSetting Describe(ProgramSetting setting, ProgramCommand command, RunList runs) => new(
        setting.Name, LabelOf(setting.Name), setting.Group, setting.Kind.ToString().ToLowerInvariant(), setting.Help,
        setting.Choices is null && setting.Kind is not (SettingKind.Data or SettingKind.Init or SettingKind.Features)
            ? null
            : Choices(setting, runs),
        setting.CanResume,
        command.Presets.ToDictionary(preset => preset.Name, preset => setting.Get(preset.Options)));

    private FormChoice[] Choices(ProgramSetting setting, RunList runs) => setting.Kind switch
    {
        SettingKind.Data =>
        [
            new FormChoice(SyntheticShapes.Name, "shapes (generated)"),
            new FormChoice(Cifar10.Name, "CIFAR-10"),
            .. ImageFolders().Select((path, i) => new FormChoice($"d{i}", path)),
        ],
        SettingKind.Init => Runs(runs, RunKind.Tokenizer),
        SettingKind.Features => Runs(runs, RunKind.Classifier),
        _ => [.. setting.Choices!.Select(word => new FormChoice(word, word))],
    };

    private static FormChoice[] Runs(RunList runs, RunKind kind) =>
    [
        .. runs.Runs.Where(run => run.Kind == kind && run.ModelVersion is not null)
            .Select(run => new FormChoice(run.Id, run.Path)),
    ];

    private string Resolved(ProgramSetting setting, string value)
    {
        switch (setting.Kind)
        {
            case SettingKind.Data when value is not (SyntheticShapes.Name or Cifar10.Name):
                string[] folders = ImageFolders();
                return value.StartsWith('d') && int.TryParse(value[1..], out int i) && i >= 0 && i < folders.Length
                    ? folders[i]
                    : throw NoChoice(setting, value);
            case SettingKind.Init or SettingKind.Features:
                return catalog.Runs.FirstOrDefault(run => run.Id == value)?.Path
                    ?? throw NoChoice(setting, value);
            default:
                return value;
        }
    }

    private static StudioException NoChoice(ProgramSetting setting, string value) => StudioException.Wrong(
        $"{setting.Name} {value}: choose one of the form's choices", setting.Name);

    /// <summary>The folders of images: those that the studio was given, then those of known runs.</summary>
    private string[] ImageFolders() =>
    [
        .. options.Images.Select(Path.GetFullPath).Concat(
            reader.All().Runs.Select(run => run.Data).OfType<string>()
                .Where(data => Path.IsPathFullyQualified(data) && Directory.Exists(data)).Order(StringComparer.Ordinal))
            .Distinct(),
    ];

    private IEnumerable<StudioFolder> Targets() =>
        catalog.Folders.Where(folder => folder is { IsRun: false, IsBuiltIn: false });

    private static string FreeName(StudioFolder folder, StartRequest request)
    {
        string data = request.Values.GetValueOrDefault(DataName, SyntheticShapes.Name);
        string name = request.Kind == RunKind.Classifier ? "classifier"
            : data is SyntheticShapes.Name or Cifar10.Name ? data
            : "images";
        return Enumerable.Range(1, int.MaxValue).Select(number => $"{name}-{number}")
            .First(free => !Directory.Exists(Path.Combine(folder.Path, free)));
    }

    /// <summary>The options that follow from arguments (without the command's name), checked as it does.</summary>
    public RunOptions Checked(ProgramCommand command, IReadOnlyList<string> arguments)
    {
        try
        {
            return command.Check(arguments);
        }
        catch (InputException e)
        {
            throw StudioException.Wrong(catalog.Shown(e.Message.ReplaceLineEndings(" ")), e.Option);
        }
    }

    private static string Checked(string name) =>
        name.Length <= MostNameCharacters && name[0] != '.'
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-')
            ? name
            : throw StudioException.Wrong(
                $"a name has at most {MostNameCharacters} letters, digits, '.', '_' and '-', and no dot first", "name");

    /// <summary>A setting's name for people: "code dim".</summary>
    public static string LabelOf(string name) =>
        name.StartsWith("--", StringComparison.Ordinal) ? name[2..].Replace('-', ' ') : name;
}
