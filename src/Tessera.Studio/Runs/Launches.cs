using System.Collections.Concurrent;
using System.Text;
using Tessera.Files;
using Tessera.Runs;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;

namespace Tessera.Studio.Runs;

/// <summary>A process that this studio has started.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Run">The id of its run.</param>
/// <param name="Path">The path of its run folder.</param>
/// <param name="Command">Its command line, for people.</param>
/// <param name="LogPath">The file that its output goes to.</param>
/// <param name="Process">The process.</param>
internal sealed record Launch(
    string Id, string Run, string Path, string Command, string LogPath, IProgramProcess Process);

/// <summary>How a process has failed.</summary>
/// <param name="Message">One line.</param>
/// <param name="At">When it ended, UTC.</param>
internal sealed record LaunchFailure(string Message, DateTime At);

/// <summary>Starts runs as processes of their own, and stops runs whoever has started them.</summary>
internal sealed class Launches(IStudioProgram program)
{
    private const int LogBytes = 4096;

    private readonly ConcurrentDictionary<string, Launch> _launches = [];
    private readonly string _logs = System.IO.Path.Combine(
        System.IO.Path.GetTempPath(), $"tessera-studio-{Environment.ProcessId}-{Guid.NewGuid():N}");
    private int _last;

    /// <summary>Starts a process.</summary>
    /// <param name="run">The id of its run.</param>
    /// <param name="path">The path of its run folder.</param>
    /// <param name="arguments">The command and its arguments.</param>
    /// <param name="shown">The command line for people.</param>
    /// <exception cref="InputException">It cannot be started.</exception>
    public Launch Start(string run, string path, IReadOnlyList<string> arguments, string shown)
    {
        string id = $"l{Interlocked.Increment(ref _last)}";
        string log = System.IO.Path.Combine(_logs, $"{id}.log");
        MakeFolderOfLogs();
        IProgramProcess process = program.Start(arguments, log);
        return _launches[id] = new Launch(id, run, path, shown, log, process);
    }

    /// <summary>Finds a launch.</summary>
    public Launch Find(string id) =>
        _launches.TryGetValue(id, out Launch? found) ? found : throw StudioException.NotFound($"launch {id}");

    /// <summary>The newest launch of a run; null if this studio has not started it.</summary>
    public Launch? Of(string run) =>
        _launches.Values.Where(launch => launch.Run == run).MaxBy(launch => int.Parse(launch.Id[1..], null));

    /// <summary>Whether a folder is that of a launch whose process has not ended.</summary>
    public bool IsTaken(string path) =>
        _launches.Values.Any(launch => launch.Path == path && launch.Process.ExitCode is null);

    /// <summary>How and when a run that this studio has started has failed; null if it has not.</summary>
    public LaunchFailure? FailureOf(string run) =>
        Of(run) is { Process: { ExitCode: not (null or 0 or 130), Ended: { } ended } } launch
            ? new LaunchFailure(
                LogOf(launch).TrimEnd().Split('\n')[^1] is { Length: > 0 } line
                    ? line
                    : $"its process ended with exit code {launch.Process.ExitCode}",
                ended)
            : null;

    /// <summary>Describes a launch.</summary>
    public static LaunchAnswer Answer(Launch launch) => new(
        launch.Id, launch.Run, StateOf(launch), launch.Command, launch.Process.ExitCode, LogOf(launch));

    /// <summary>The last lines that a process has printed.</summary>
    public static string LogOf(Launch launch)
    {
        using FileStream? stream = CsvTail.Open(launch.LogPath);
        if (stream is null) return "";
        stream.Position = Math.Max(0, stream.Length - LogBytes);
        byte[] bytes = new byte[stream.Length - stream.Position];
        int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(bytes, 0, count).ReplaceLineEndings("\n");
    }

    /// <summary>Asks a run to stop; a process that has no run yet has nothing to lose and is ended.</summary>
    public static void Stop(Launch launch)
    {
        if (launch.Process.ExitCode is not null) throw StudioException.Conflict("its process has ended already");
        if (RunFolder.IsRun(launch.Path) && FolderLock.IsHeld(launch.Path)) StopRequest.Write(launch.Path);
        else launch.Process.Kill();
    }

    private void MakeFolderOfLogs()
    {
        try
        {
            Directory.CreateDirectory(_logs);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            // The run does not need its log.
        }
    }

    private static LaunchState StateOf(Launch launch) =>
        launch.Process.ExitCode is not null ? LaunchState.Ended
        : RunFolder.IsRun(launch.Path) && FolderLock.IsHeld(launch.Path) ? LaunchState.Running
        : LaunchState.Starting;
}
