using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Studio;
using Tessera.Models;
using Tessera.Studio;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera studio</c>: serves the web studio on this machine.</summary>
internal sealed class StudioCommand : TesseraCommand
{
    private const string UsualFolder = "runs", TokenVariable = DetachedProcess.TokenVariable;

    private readonly Argument<string[]> _paths = new("RUN|FOLDER")
    {
        Description = "Run folders, or folders of runs; new runs go to the first of these "
            + $"[default: {UsualFolder}, and the models that come with the program].",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<int?> _port = NewOption.Integer<int>(
        "--port", $"Port to listen on [default: {StudioOptions.UsualPort}, or the next that is free].");
    private readonly Option<string?> _host = NewOption.Text(
        "--host", "HOST",
        "Address to listen on, so that other machines reach the studio; needs a token [default: this machine only].");
    private readonly Option<string?> _token = NewOption.Text(
        "--token", "TEXT",
        $"What a user must enter, at least {StudioOptions.FewestTokenCharacters} characters [default with --host: the "
            + $"environment variable {TokenVariable}, which the list of processes does not show; else none].");
    private readonly Option<string[]> _images = new("--data")
    {
        HelpName = "FOLDER",
        Description = "Folder of images to train on; may be given several times.",
    };
    private readonly Option<bool> _noBrowser = NewOption.Flag("--no-browser", "Does not open a browser.");

    public StudioCommand(Invocation invocation) : base(
        invocation, "studio",
        "Opens the studio in the browser: see runs learn, paint with codes, draw images. Ctrl-C ends the studio; runs "
            + "that it has started go on.",
        "tessera studio",
        "tessera studio runs/cifar",
        "tessera studio runs --data images --port 8080",
        "tessera studio runs --host 0.0.0.0 --token \"a long secret text\" --no-browser")
    {
        Arguments.Add(_paths);
        Options.Add(_images);
        Options.Add(_port);
        Options.Add(_host);
        Options.Add(_token);
        Options.Add(_noBrowser);
    }

    protected override void Run(ParseResult parse)
    {
        string[] given = parse.GetValue(_paths) ?? [];
        string? host = parse.GetValue(_host);
        var options = new StudioOptions
        {
            Paths = given.Length == 0 ? [UsualFolder] : [.. given.Select(PathOf)],
            BuiltIn = given.Length == 0 ? BuiltIn() : [],
            Images = [.. (parse.GetValue(_images) ?? []).Select(FolderOf)],
            Port = parse.GetValue(_port),
            Host = host,
            Token = parse.GetValue(_token) ?? (host is null ? null : TokenFromEnvironment(host)),
        };
        Serve(options, opensBrowser: !parse.GetValue(_noBrowser)).GetAwaiter().GetResult();
    }

    private async Task Serve(StudioOptions options, bool opensBrowser)
    {
        await using StudioServer server = await StudioServer.StartAsync(options, new StudioProgram());
        Invocation.Output.Line($"the studio is at {server.Address}");
        Invocation.Output.Line("Ctrl-C ends it; runs that it has started go on");
        if (opensBrowser) OpenBrowser(server.Address);
        await server.RunAsync(Invocation.Cancellation);
    }

    private static string TokenFromEnvironment(string host)
    {
        string? token = Environment.GetEnvironmentVariable(TokenVariable);
        if (token is not { Length: > 0 })
            throw new InputException(
                $"--host {host} lets others reach the studio; give a token with the environment variable "
                + $"{TokenVariable} or with --token");
        return token.Length >= StudioOptions.FewestTokenCharacters
            ? token
            : throw new InputException(
                $"{TokenVariable} must have at least {StudioOptions.FewestTokenCharacters} characters, so that it "
                + "cannot be guessed");
    }

    private static string PathOf(string given)
    {
        string path = ModelSource.PathOf(given);
        return Directory.Exists(path)
            ? path
            : throw new InputException($"there is no run or folder {given}; check the path");
    }

    private static string FolderOf(string given) => Directory.Exists(given)
        ? given
        : throw new InputException($"--data {given}: there is no such folder; check the path");

    private static string[] BuiltIn()
    {
        try
        {
            return [.. PretrainedModels.Names.Select(PretrainedModels.FolderOf)];
        }
        catch (InputException)
        {
            // No folder can be written: the studio is of use without them.
            return [];
        }
    }

    private static void OpenBrowser(Uri address)
    {
        bool hasScreen = !OperatingSystem.IsLinux()
            || Environment.GetEnvironmentVariable("DISPLAY") is { Length: > 0 }
            || Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") is { Length: > 0 };
        if (!hasScreen) return;
        try
        {
            using Process? _ = OperatingSystem.IsLinux()
                ? Process.Start(new ProcessStartInfo("xdg-open", [$"{address}"]) { RedirectStandardError = true })
                : OperatingSystem.IsMacOS()
                    ? Process.Start("open", [$"{address}"])
                    : Process.Start(new ProcessStartInfo($"{address}") { UseShellExecute = true });
        }
        catch (Exception e) when (e is Win32Exception or FileNotFoundException)
        {
            // There is no browser; the address is printed.
        }
    }
}
