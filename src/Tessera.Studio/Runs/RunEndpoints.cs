using Microsoft.AspNetCore.Http.HttpResults;
using Tessera.Runs;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;
using Tessera.Training;

namespace Tessera.Studio.Runs;

/// <summary>The endpoints of runs as a whole: list, details, start, stop, resume.</summary>
internal sealed class RunEndpoints(
    RunCatalog catalog, RunReader reader, Launches launches, RunForm form, IStudioProgram program)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/runs", () => reader.All());
        app.MapGet("/api/runs/{id}", Details);
        app.MapGet("/api/runs/{id}/thumbnail.png", Thumbnail).GivesPng();
        app.MapPost("/api/runs/{id}/stop", Stop).GivesNothing();
        app.MapPost("/api/runs/{id}/resume", Resume).Gives<LaunchAnswer>(StatusCodes.Status202Accepted);
        app.MapGet("/api/form", (string kind = "tokenizer") => form.Describe(kind));
        app.MapPost("/api/form/check", (StartRequest request) => form.Check(request));
        app.MapPost("/api/runs", Start).Gives<LaunchAnswer>(StatusCodes.Status202Accepted);
        app.MapGet("/api/launches/{id}", (string id) => Launches.Answer(launches.Find(id)));
        app.MapPost("/api/launches/{id}/stop", StopLaunch).GivesNothing();
    }

    private RunDetails Details(string id)
    {
        RunEntry entry = catalog.Find(id);
        RunAnswer run = reader.Read(entry);
        Launch? launch = launches.Of(id);
        string? log = launch is null ? null : Launches.LogOf(launch);
        if (run.State == RunCondition.Damaged)
            return new RunDetails(run, [], null, new ColumnsAnswer([], [], []), [], log);
        OpenedRun opened = OpenedRun.Open(entry);
        OptionAnswer[] options =
        [
            .. program.Describe(opened.Run.Options).Select(setting => new OptionAnswer(
                setting.Name, RunForm.LabelOf(setting.Name), setting.Help, setting.Group, setting.Value,
                setting.Default, setting.Value is not null && setting.Value != setting.Default)),
        ];
        return new RunDetails(
            run, options, CommandOf(entry, opened, options),
            new ColumnsAnswer(
                Columns(opened.Run.SeriesPath), Columns(opened.Run.MetricsPath), Columns(opened.Run.EvalPath)),
            new SnapshotFolder(entry.Path).Updates(), log);
    }

    private IResult Thumbnail(string id, HttpContext context)
    {
        RunEntry entry = catalog.Find(id);
        return Thumbnails.Find(entry) is { } file
            ? Answers.Png(context, Thumbnails.Draw(file, TokenizerRun.Open(entry.Path)))
            : throw StudioException.NotFound("thumbnail yet");
    }

    private StatusCodeHttpResult Stop(string id)
    {
        RunEntry entry = catalog.Find(id);
        RunAnswer run = reader.Read(entry);
        if (!run.CanStop) throw StudioException.Conflict($"{run.Path} does not run");
        StopRequest.Write(entry.Path);
        return TypedResults.StatusCode(StatusCodes.Status202Accepted);
    }

    private JsonHttpResult<LaunchAnswer> Resume(string id, ResumeRequest request)
    {
        RunEntry entry = catalog.Find(id);
        RunAnswer run = reader.Read(entry);
        if (run.IsBuiltIn) throw StudioException.Conflict($"{run.Name} comes with the program and is not trained on");
        if (run.State == RunCondition.Running || launches.IsTaken(entry.Path))
            throw StudioException.Conflict($"{run.Path} runs already");
        ProgramCommand command = form.CommandOf(run.Kind);
        string[] arguments =
        [
            .. CommandFor(entry, run.Kind), "--resume", "--out", entry.Path,
            .. form.Settings(command, request.Values, setting => setting.CanResume).SelectMany(words => words),
        ];
        RunOptions options = form.Checked(command, arguments[1..]);
        if (run.State == RunCondition.Finished && options.Budget == OpenedRun.Open(entry).Run.Options.Budget)
            throw StudioException.Conflict(
                run.CanLengthen
                    ? $"{run.Path} is finished after {options.Budget}; give it a longer budget"
                    : $"{run.Path} is finished, and its learning rate fell to 0; start a new one from its weights");
        string[] quiet = run.Kind == RunKind.Tokenizer ? [RunForm.NoReport] : [];
        return Accepted(
            launches.Start(id, entry.Path, [.. arguments, .. quiet], form.CommandLine(arguments)));
    }

    private JsonHttpResult<LaunchAnswer> Start(StartRequest request)
    {
        PlannedRun plan = form.Plan(request);
        if (launches.IsTaken(plan.Path)) throw StudioException.Conflict("a run of this name is being started");
        Launch launch = launches.Start(catalog.IdOf(plan.Path), plan.Path, plan.Arguments, plan.Shown);
        catalog.Refresh();
        return Accepted(launch);
    }

    private StatusCodeHttpResult StopLaunch(string id)
    {
        Launches.Stop(launches.Find(id));
        return TypedResults.StatusCode(StatusCodes.Status202Accepted);
    }

    private static JsonHttpResult<LaunchAnswer> Accepted(Launch launch) =>
        TypedResults.Json(
            Launches.Answer(launch), StudioJson.Default.LaunchAnswer, statusCode: StatusCodes.Status202Accepted);

    /// <summary>The command that trains such a run, without its options.</summary>
    private string[] CommandFor(RunEntry entry, RunKind kind) => kind == RunKind.Prior
        ? [form.CommandOf(kind).Name,
            entry.Parent ?? throw StudioException.Conflict("this prior lies in no tokenizer's run")]
        : [form.CommandOf(kind).Name];

    private string? CommandOf(RunEntry entry, OpenedRun opened, OptionAnswer[] options)
    {
        bool isPrior = opened.Kind == RunKind.Prior;
        if (isPrior && entry.Parent is null) return null;
        // A prior lies in its tokenizer's folder, and has its images.
        string[] known = [.. form.CommandOf(opened.Kind).Settings.Select(setting => setting.Name)];
        IEnumerable<string> given = options
            .Where(option => option.IsSet && (!isPrior || known.Contains(option.Name)))
            .SelectMany(option => (string[])[option.Name, option.Value!]);
        string[] place = isPrior ? [] : ["--out", entry.Path];
        return form.CommandLine([.. CommandFor(entry, opened.Kind), .. given, .. place]);
    }

    private static string[] Columns(string path) => [.. CsvTail.Columns(path).Skip(1).Where(name => name != "split")];
}
