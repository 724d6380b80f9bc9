using System.Diagnostics;
using Tessera.Files;

namespace Tessera.Runs;

/// <summary>
/// A request to stop a run after its update, as Ctrl-C does: the file <c>.stop</c> in its folder. It needs no signal
/// and no process number, so it works on every system and for runs that another program has started.
/// </summary>
internal static class StopRequest
{
    /// <summary>The name of the file.</summary>
    public const string Name = ".stop";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Asks the process that trains in a run folder to stop.</summary>
    /// <param name="run">The run folder.</param>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public static void Write(string run)
    {
        string path = Path.Combine(run, Name);
        try
        {
            File.WriteAllBytes(path, []);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(path, e);
        }
    }

    /// <summary>
    /// Calls back once, when a stop is requested. A request from before this process began is dropped: it was meant for
    /// another.
    /// </summary>
    /// <param name="run">The run folder, which this process trains in.</param>
    /// <param name="stop">Called on another thread.</param>
    /// <returns>Ends the watch, and drops the request.</returns>
    public static IDisposable Watch(string run, Action stop) => new Watcher(Path.Combine(run, Name), stop);

    private sealed class Watcher : IDisposable
    {
        private readonly string _path;
        private readonly Action _stop;
        private readonly Timer _timer;
        private int _isStopped;

        public Watcher(string path, Action stop)
        {
            (_path, _stop) = (path, stop);
            using var own = Process.GetCurrentProcess();
            if (File.GetLastWriteTimeUtc(path) < own.StartTime.ToUniversalTime()) Drop();
            _timer = new Timer(_ => Check(), null, Interval, Interval);
        }

        public void Dispose()
        {
            using var ended = new ManualResetEvent(false);
            // A callback under way could otherwise reach what the caller disposes next.
            if (_timer.Dispose(ended)) ended.WaitOne();
            Drop();
        }

        private void Check()
        {
            if (File.Exists(_path) && Interlocked.Exchange(ref _isStopped, 1) == 0) _stop();
        }

        private void Drop()
        {
            try
            {
                File.Delete(_path);
            }
            catch (Exception e) when (FileErrors.IsFileError(e))
            {
                // The folder was moved or removed, which the training finds out by itself.
            }
        }
    }
}
