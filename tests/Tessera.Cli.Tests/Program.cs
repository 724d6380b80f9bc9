using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Tessera.Cli.Tests;

/// <summary>What a call of the program gave.</summary>
internal sealed record Outcome(int Code, string Output, string Error);

/// <summary>The program, inside this process or as one of its own.</summary>
internal static partial class Program
{
    /// <summary>What leaves the report of a training run out, to save its time.</summary>
    public const string NoReport = "--no-report";

    private static readonly string[] Tiny =
    [
        "--schedule", "constant", "--warmup", "0",
        "--size", "16", "--batch", "4", "--updates", "30", "--hidden", "8", "--residual-hidden", "4",
        "--residual-layers", "1", "--codes", "16", "--code-dim", "4", "--threads", "1",
    ];

    /// <summary>Arguments that train a model of a few hundred weights in a moment; others add to them or override them.</summary>
    public static string[] TinyTraining(string data, string run, params string[] others) =>
    [
        "train", "--data", data, "--out", run,
        .. Tiny.Chunk(2).Where(pair => !others.Any(other => Replaces(other, pair[0]))).SelectMany(pair => pair), NoReport, .. others,
    ];

    private static bool Replaces(string other, string own) => other == own || (own == "--updates" && (other is "--pictures" or "--minutes"));

    /// <summary>Runs it here.</summary>
    public static Outcome Run(params string[] args) => Run(args, _ => { });

    /// <summary>Runs it here and interrupts it when a line is printed.</summary>
    public static Outcome RunUntil(string line, params string[] args)
    {
        using var cancellation = new CancellationTokenSource();
        return Run(args, printed => { if (printed == line) cancellation.Cancel(); }, cancellation.Token);
    }

    /// <summary>Runs it here, to its end and with nothing on stderr.</summary>
    public static string Succeed(params string[] args)
    {
        Outcome outcome = Run(args);
        Assert.True(outcome.Code == 0, $"exit code {outcome.Code}: {outcome.Error}");
        Assert.Equal("", outcome.Error);
        return outcome.Output;
    }

    /// <summary>Runs it here, to the end that a wrong input must have: exit code 2 and one line, which is returned.</summary>
    public static string Refuse(params string[] args) => Fail(TesseraProgram.WrongInput, args);

    /// <summary>Runs it here, to a failure of which one line tells.</summary>
    public static string Fail(int code, params string[] args)
    {
        Outcome outcome = Run(args);
        Assert.True(outcome.Code == code, $"exit code {outcome.Code} instead of {code}: {outcome.Error}{outcome.Output}");
        Assert.Matches(OneLine(), outcome.Error.ReplaceLineEndings("\n"));
        return outcome.Error.TrimEnd()["tessera: ".Length..];
    }

    /// <summary>Starts it as a process.</summary>
    public static Process Start(string? folder, params string[] args) => Start(folder, _ => { }, args);

    /// <summary>Starts it as a process, in an environment of the test's making.</summary>
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

    /// <summary>The rest of a process.</summary>
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
