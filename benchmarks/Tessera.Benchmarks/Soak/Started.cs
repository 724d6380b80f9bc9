using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Tessera.Benchmarks.Soak;

/// <summary>A process that was started, with what it says.</summary>
internal sealed class Started : IDisposable
{
    /// <summary>The exit code of a process that was ended by SIGKILL.</summary>
    public const int Killed = 137;

    private readonly StringBuilder _output = new(), _error = new();

    /// <summary>Starts a process.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="temporary">The folder of its temporary files.</param>
    public Started(IReadOnlyList<string> command, string temporary)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TMPDIR"] = temporary;
        start.Environment["XDG_CACHE_HOME"] = temporary;
        Process = Process.Start(start)!;
        Process.OutputDataReceived += (_, line) => Add(_output, line.Data);
        Process.ErrorDataReceived += (_, line) => Add(_error, line.Data);
        Process.BeginOutputReadLine();
        Process.BeginErrorReadLine();
    }

    public Process Process { get; }

    /// <summary>What it has written to standard error so far.</summary>
    public string Error
    {
        get
        {
            lock (_error) return _error.ToString();
        }
    }

    /// <summary>All that it has written so far.</summary>
    public string Said
    {
        get
        {
            lock (_output) return _output + Error;
        }
    }

    /// <summary>The processes that it has started, on Linux.</summary>
    public int[] Children
    {
        get
        {
            try
            {
                return
                [
                    .. Directory.GetDirectories($"/proc/{Process.Id}/task")
                        .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' '))
                        .Where(text => text.Length > 0).Select(text => int.Parse(text, CultureInfo.InvariantCulture))
                        .Order(),
                ];
            }
            catch (IOException)
            {
                // It has ended meanwhile.
                return [];
            }
        }
    }

    /// <summary>Whether a process of this id runs, on Linux.</summary>
    public static bool IsAlive(int id)
    {
        try
        {
            return !File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Waits for the end; false after the time, and then the process is ended.</summary>
    public bool WaitForEnd(TimeSpan time)
    {
        if (Process.WaitForExit(time))
        {
            // And for its last lines, unless others hold its streams.
            Process.WaitForExitAsync().Wait(TimeSpan.FromSeconds(5));
            return true;
        }
        Process.Kill(entireProcessTree: true);
        Process.WaitForExit(time);
        return false;
    }

    public void Dispose() => Process.Dispose();

    private static void Add(StringBuilder to, string? line)
    {
        if (line is null) return;
        lock (to) to.Append(line).Append('\n');
    }
}
