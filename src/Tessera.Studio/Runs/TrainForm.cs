using Tessera.Data;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Training;

namespace Tessera.Studio.Runs;

/// <summary>
/// The form that starts a run: the settings of <c>tessera train</c>. A path never comes from a client: images and runs
/// are chosen by id.
/// </summary>
internal sealed class TrainForm(StudioOptions options, RunCatalog catalog, RunReader reader, IStudioProgram program)
{
    private const int MostNameCharacters = 64;
    private const string DataName = "--data";

    /// <summary>Describes the form.</summary>
    public FormAnswer Describe()
    {
        RunList runs = reader.All();
        return new FormAnswer(
            [.. Preset.All.Select(preset => new PresetAnswer(preset.Name, preset.Summary))],
            [.. Targets().Select(folder => new FormFolder(folder.Id, folder.Name))],
            [.. program.Settings.Select(setting => setting.Group).Distinct()],
            [.. program.Settings.Select(setting => Describe(setting, runs))]);
    }

    /// <summary>The command that a request asks for, and the run folder; what is wrong is an error.</summary>
    public (string Name, string Path, List<string> Arguments, TrainingOptions Options) Arguments(TrainRequest request)
    {
        StudioFolder folder = request.Folder is null
            ? Targets().FirstOrDefault()
                ?? throw StudioException.Conflict("the studio was given no folder for new runs")
            : Targets().FirstOrDefault(target => target.Id == request.Folder)
                ?? throw StudioException.NotFound($"folder {request.Folder}");
        List<string> arguments = ["train"];
        if (request.Preset is { } preset) arguments.AddRange(["--preset", preset]);
        arguments.AddRange(Settings(request.Values, _ => true));
        string name = request.Name is { Length: > 0 } given ? Checked(given) : FreeName(folder, request.Values);
        string path = Path.Combine(folder.Path, name);
        if (Directory.Exists(path) || File.Exists(path))
            throw StudioException.Conflict($"{Path.Combine(folder.Name, name)} exists already; choose another name");
        // Checked as the command does, but for the folder, which is shown as the user named it.
        TrainingOptions checkedOptions = Checked(arguments[1..]);
        arguments.AddRange(["--no-report", "--out", path]);
        return (name, path, arguments, checkedOptions);
    }

    /// <summary>The command as the user would type it.</summary>
    public string CommandLine(List<string> arguments, string path) => program.CommandLine(Shown(arguments, path));

    /// <summary>Says what a request would start, or why it cannot.</summary>
    public CheckAnswer Check(TrainRequest request)
    {
        try
        {
            (string name, string path, List<string> arguments, TrainingOptions checkedOptions) = Arguments(request);
            return new CheckAnswer(
                null, null, name, CommandLine(arguments, path),
                program.Settings.ToDictionary(setting => setting.Name, setting => Shown(setting, checkedOptions)));
        }
        catch (StudioException e)
        {
            return new CheckAnswer(e.Message, e.Option, null, null, null);
        }
    }

    /// <summary>The arguments of settings that a user gave.</summary>
    /// <param name="values">Names and values; images and runs by id.</param>
    /// <param name="isAllowed">Whether a setting may be given.</param>
    public IEnumerable<string> Settings(
        IReadOnlyDictionary<string, string> values, Func<ProgramSetting, bool> isAllowed)
    {
        foreach ((string name, string value) in values)
        {
            ProgramSetting setting = program.Settings.FirstOrDefault(known => known.Name == name)
                ?? throw StudioException.Wrong($"there is no setting {name}", name);
            if (!isAllowed(setting))
                throw StudioException.Wrong($"{name} cannot change when a run is resumed", name);
            yield return name;
            yield return Resolved(setting, value);
        }
    }

    /// <summary>A path as the user would type it.</summary>
    private List<string> Shown(List<string> arguments, string path)
    {
        StudioFolder folder = Targets().First(target => Confinement.IsInside(path, target.Path));
        return [.. arguments.Select(
            argument => argument == path ? Path.Combine(folder.Name, Path.GetFileName(path)) : argument)];
    }

    private string? Shown(ProgramSetting setting, TrainingOptions from)
    {
        string? value = setting.Get(from);
        return value is null || setting.Kind is not (SettingKind.Data or SettingKind.Init or SettingKind.Features)
            ? value
            : Choices(setting, reader.All()).FirstOrDefault(choice => Resolved(setting, choice.Value) == value)?.Value;
    }

    private FormSetting Describe(ProgramSetting setting, RunList runs) => new(
        setting.Name, LabelOf(setting.Name), setting.Group, setting.Kind.ToString().ToLowerInvariant(), setting.Help,
        setting.Choices is null && setting.Kind is not (SettingKind.Data or SettingKind.Init or SettingKind.Features)
            ? null
            : Choices(setting, runs),
        setting.CanResume,
        Preset.All.ToDictionary(preset => preset.Name, preset => setting.Get(preset.OptionsFor(Cifar10.Name))));

    private FormChoice[] Choices(ProgramSetting setting, RunList runs) => setting.Kind switch
    {
        SettingKind.Data =>
        [
            new FormChoice(SyntheticShapes.Name, "shapes: images that the program generates"),
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

    private static string FreeName(StudioFolder folder, IReadOnlyDictionary<string, string> values)
    {
        string data = values.GetValueOrDefault(DataName, SyntheticShapes.Name);
        string name = data is SyntheticShapes.Name or Cifar10.Name ? data : "images";
        return Enumerable.Range(1, int.MaxValue).Select(number => $"{name}-{number}")
            .First(free => !Directory.Exists(Path.Combine(folder.Path, free)));
    }

    private TrainingOptions Checked(List<string> arguments)
    {
        try
        {
            return program.Check(arguments);
        }
        catch (InputException e)
        {
            throw StudioException.Wrong(e.Message.ReplaceLineEndings(" "), e.Option);
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
