using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Tessera.Cli.Tests;

/// <summary>Exit code and output of one call of the program.</summary>
internal sealed record Outcome(int Code, string Output, string Error);

/// <summary>Runs the program, in this process or as a process of its own.</summary>
internal static partial class Program
{
    /// <summary>The option that skips the report of a training run, to save time.</summary>
    public const string NoReport = "--no-report";

    private static readonly string[] Tiny =
    [
        "--schedule", "constant", "--warmup", "0",
        "--size", "16", "--batch", "4", "--updates", "30", "--hidden", "8", "--residual-hidden", "4",
        "--residual-layers", "1", "--codes", "16", "--code-dim", "4", "--threads", "1",
    ];

    /// <summary>The tests leave the user's cache folder alone (on Linux).</summary>
    [ModuleInitializer]
    public static void UseOwnCache() =>
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Path.Combine(AppContext.BaseDirectory, "cache"));

    /// <summary>Arguments that train a tiny model; <paramref name="others"/> add to them or override them.</summary>
    public static string[] TinyTraining(string data, string run, params string[] others) =>
    [
        "train", "--data", data, "--out", run,
        .. Tiny.Chunk(2).Where(pair => !others.Any(other => Replaces(other, pair[0]))).SelectMany(pair => pair),
        NoReport, .. others,
    ];

    private static bool Replaces(string other, string own) =>
        other == own || (own == "--updates" && (other is "--images" or "--pictures" or "--minutes"));

    /// <summary>Runs the program in this process.</summary>
    public static Outcome Run(params string[] args) => Run(args, _ => { });

    /// <summary>Runs the program in this process and interrupts it when it prints a line.</summary>
    public static Outcome RunUntil(string line, params string[] args)
    {
        using var cancellation = new CancellationTokenSource();
        return Run(args, printed => { if (printed == line) cancellation.Cancel(); }, cancellation.Token);
    }

    /// <summary>Runs the program in this process; it must exit with 0 and print nothing on stderr.</summary>
    /// <returns>The output.</returns>
    public static string Succeed(params string[] args)
    {
        Outcome outcome = Run(args);
        Assert.True(outcome.Code == 0, $"exit code {outcome.Code}: {outcome.Error}");
        Assert.Equal("", outcome.Error);
        return outcome.Output;
    }

    /// <summary>Runs the program in this process; it must exit with 2 (wrong input) and one line on stderr.</summary>
    /// <returns>The line, without "tessera: ".</returns>
    public static string Refuse(params string[] args) => Fail(TesseraProgram.WrongInput, args);

    /// <summary>Runs the program in this process; it must exit with an error code and one line on stderr.</summary>
    /// <returns>The line, without "tessera: ".</returns>
    public static string Fail(int code, params string[] args)
    {
        Outcome outcome = Run(args);
        Assert.True(
            outcome.Code == code, $"exit code {outcome.Code} instead of {code}: {outcome.Error}{outcome.Output}");
        Assert.Matches(OneLine(), outcome.Error.ReplaceLineEndings("\n"));
        return outcome.Error.TrimEnd()["tessera: ".Length..];
    }

    /// <summary>Starts the program as a process.</summary>
    public static Process Start(string? folder, params string[] args) => Start(folder, _ => { }, args);

    /// <summary>Starts the program as a process; <paramref name="prepare"/> can change its environment.</summary>
    public static Process Start(string? folder, Action<ProcessStartInfo> prepare, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(TesseraProgram).Assembly.Location, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        prepare(start);
        return Process.Start(start)!;
    }

    /// <summary>Waits for the end of a process.</summary>
    /// <returns>Its exit code and output.</returns>
    public static Outcome End(Process process)
    {
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output, error.Result);
    }

    private static Outcome Run(string[] args, Action<string> seen, CancellationToken cancellation = default)
    {
        using var output = new Listener(seen);
        using var error = new StringWriter();
        int code = TesseraProgram.Run(args, output, error, cancellation);
        return new Outcome(code, output.ToString().ReplaceLineEndings("\n"), error.ToString());
    }

    [GeneratedRegex(@"\Atessera: [^\n]{10,}\n\z")]
    private static partial Regex OneLine();

    private sealed class Listener(Action<string> seen) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            seen(value ?? "");
        }
    }
}
