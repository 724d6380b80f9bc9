namespace Tessera.Tensors.Devices.Cpu;

/// <summary>
/// A fixed number of threads that share out the items of one job at a time. Which thread takes which item is left to
/// chance; kernels cut their work into items that do not depend on it, so that results do not either.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private readonly Lock _oneJobAtATime = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly SemaphoreSlim _finished = new(0);
    private volatile Job? _job;
    private volatile bool _disposed;

    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        for (int i = 1; i < threads; i++)
        {
            new Thread(Work) { IsBackground = true, Name = $"Tessera worker {i}" }.Start();
        }
    }

    /// <summary>How many threads work, the calling one included.</summary>
    public int Threads { get; }

    /// <summary>Calls the body for every item, 0 to <paramref name="items"/> - 1, and returns when all are done.</summary>
    /// <remarks>What a body throws is thrown here. A body must not run a job of its own.</remarks>
    /// <exception cref="ObjectDisposedException">The threads have ended.</exception>
    public void Run(int items, Action<int> body)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(CpuDevice));
        if (Threads == 1 || items <= 1)
        {
            for (int item = 0; item < items; item++) body(item);
            return;
        }
        lock (_oneJobAtATime)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(CpuDevice));
            int helpers = Math.Min(Threads, items) - 1;
            var job = new Job(items, helpers, body, _finished);
            _job = job;
            _wake.Release(helpers);
            job.TakeItems();
            job.WaitForHelpers();
            _job = null;
        }
    }

    /// <summary>How many ranges <see cref="RunRanges"/> cuts the elements into; range i starts at <c>i * grain</c>.</summary>
    public static int Ranges(int elements, int grain) => elements / grain + (elements % grain == 0 ? 0 : 1);

    /// <summary>Calls the body for consecutive ranges of at most <paramref name="grain"/> of the elements.</summary>
    public void RunRanges(int elements, int grain, Action<int, int> body)
    {
        int ranges = Ranges(elements, grain);
        if (ranges == 1) body(0, elements);
        else Run(ranges, range => body(range * grain, Math.Min(grain, elements - range * grain)));
    }

    public void Dispose()
    {
        // A thread that ended with a job at hand would never report it done.
        lock (_oneJobAtATime) _disposed = true;
        _wake.Release(Threads);
    }

    private void Work()
    {
        while (true)
        {
            _wake.Wait();
            if (_disposed) return;
            Job job = _job!;
            job.TakeItems();
            job.HelperDone();
        }
    }

    private sealed class Job(int items, int helpers, Action<int> body, SemaphoreSlim finished)
    {
        private int _next = -1;
        private int _helpersLeft = helpers;
        private volatile Exception? _failure;

        public void TakeItems()
        {
            try
            {
                for (int item = Interlocked.Increment(ref _next); item < items; item = Interlocked.Increment(ref _next))
                {
                    body(item);
                }
            }
#pragma warning disable CA1031 // Whatever it is, it belongs to the caller's thread.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _failure = exception;
                Interlocked.Exchange(ref _next, items);
            }
        }

        public void HelperDone()
        {
            if (Interlocked.Decrement(ref _helpersLeft) == 0) finished.Release();
        }

        public void WaitForHelpers()
        {
            finished.Wait();
            if (_failure is { } failure) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }
}
