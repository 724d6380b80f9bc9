using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using Tessera.Studio;

namespace Tessera.Cli.Studio;

/// <summary>
/// A process of this program that outlives the one that has started it. An environment variable names the file that its
/// output goes to: a pipe would break with its other end. With the variable, the signals of a terminal (Ctrl-C,
/// hang-up) are not for this process, although it stays in the terminal's group: <c>Program.cs</c> ignores them.
/// </summary>
internal sealed class DetachedProcess : IProgramProcess
{
    /// <summary>The environment variable with the studio's token, which its runs have no use for.</summary>
    public const string TokenVariable = "TESSERA_STUDIO_TOKEN";

    private const string LogVariable = "TESSERA_DETACHED_LOG";

    private readonly Process _process;

    private DetachedProcess(Process process) => _process = process;

    public int? ExitCode => _process.HasExited ? _process.ExitCode : null;

    public DateTime? Ended => _process.HasExited ? _process.ExitTime.ToUniversalTime() : null;

    /// <summary>Whether this process is such a one; its output then goes to its file.</summary>
    public static bool RedirectOutput()
    {
        if (Environment.GetEnvironmentVariable(LogVariable) is not { Length: > 0 } path) return false;
        var writer = TextWriter.Synchronized(new LogWriter(path));
        Console.SetOut(writer);
        Console.SetError(writer);
        return true;
    }

    /// <summary>Starts a process.</summary>
    /// <param name="arguments">The command and its arguments.</param>
    /// <param name="log">The file that its output goes to.</param>
    /// <exception cref="InputException">The program cannot be started.</exception>
    public static DetachedProcess Start(IReadOnlyList<string> arguments, string log)
    {
        Assembly own = typeof(DetachedProcess).Assembly;
        // The program may be a part of another one, such as a test, or run in the host dotnet.
        bool isOwn = Assembly.GetEntryAssembly() == own
            && Path.GetFileNameWithoutExtension(Environment.ProcessPath) is not (null or "dotnet");
        string program = isOwn ? Environment.ProcessPath! : "dotnet";
        string assembly = Path.Combine(AppContext.BaseDirectory, $"{own.GetName().Name}.dll");
        var start = new ProcessStartInfo(program, isOwn ? arguments : [assembly, .. arguments])
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            // So that the program sees no terminal. Nothing is ever written there: the output goes to the log.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (OperatingSystem.IsWindows()) start.CreateNewProcessGroup = true;
        start.Environment[LogVariable] = log;
        start.Environment.Remove(TokenVariable);
        try
        {
            return new DetachedProcess(Process.Start(start)!);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new InputException($"{program} cannot be started: {e.Message}; start the run on a command line", e);
        }
    }

    public void Kill() => _process.Kill(entireProcessTree: true);
}
