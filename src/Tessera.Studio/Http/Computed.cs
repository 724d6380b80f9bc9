using Tessera.Studio.Contract;

namespace Tessera.Studio.Http;

/// <summary>A value that takes long to compute: computed once, when it is first asked for.</summary>
/// <typeparam name="T">The value.</typeparam>
/// <param name="compute">Computes it; reports what it does, on a thread of its own.</param>
internal sealed class Computed<T>(Func<Action<string, double>, Task<T>> compute) where T : class
{
    private readonly Lock _lock = new();
    private volatile ProgressAnswer _progress = new("waiting", 0);
    private Task<T>? _task;

    /// <summary>Starts the work, if it has not begun or has failed, and waits for a moment.</summary>
    /// <returns>The value; null if it is not ready.</returns>
    public async Task<T?> Try(CancellationToken cancellation)
    {
        Task<T> task = Start();
        await Task.WhenAny(task, Task.Delay(40, cancellation));
        if (!task.IsCompleted) return null;
        if (!task.IsCompletedSuccessfully)
        {
            lock (_lock)
            {
                // The next question tries again: data may be there by then.
                if (_task == task) _task = null;
            }
        }
        return await task;
    }

    /// <summary>The value, as soon as it is ready; for other work that needs it.</summary>
    public Task<T> Get() => Start();

    /// <summary>Waits for the value, for other work that reports its progress as its own.</summary>
    public async Task<T> Follow(Action<string, double> report)
    {
        Task<T> task = Start();
        while (await Task.WhenAny(task, Task.Delay(50)) != task) report(_progress.Stage, _progress.Fraction);
        return await task;
    }

    /// <summary>How far the work is.</summary>
    public ProgressAnswer Progress => _progress;

    private Task<T> Start()
    {
        lock (_lock)
        {
            if (_task is { IsFaulted: true } or { IsCanceled: true }) _task = null;
            return _task ??= Task.Run(() => compute(
                (stage, fraction) => _progress = new ProgressAnswer(stage, Math.Clamp(fraction, 0, 1))));
        }
    }
}
