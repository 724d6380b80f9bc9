using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Tessera.Tensors.Devices.Cpu;

/// <summary>
/// A fixed number of threads that work on the items of one job at a time. The threads take items in no fixed order.
/// Kernels cut their work into items that do not depend on the threads, so results do not either.
/// </summary>
/// <remarks>
/// A thread begins with a range of items of its own. Items are mostly in the order of the images, so job after job a
/// thread works on the same part of the batch, which it finds in its own cache; then it takes what others have left.
/// An idle thread first spins for a moment, because the next job of a training step usually follows at once, and then
/// blocks. A job ends with its last item; it does not wait for threads that wake late.
/// </remarks>
internal sealed class WorkerPool : IDisposable
{
    /// <summary>
    /// About the time it takes to wake a blocked thread: spinning longer would cost more than it saves.
    /// </summary>
    private static readonly long SpinTicks =
        Environment.ProcessorCount == 1 ? 0 : (long)(Stopwatch.Frequency * TimeSpan.FromMicroseconds(50).TotalSeconds);

    private readonly Lock _oneJobAtATime = new();
    private readonly object _wake = new();
    private int _blocked;
    private volatile Job? _job;
    private volatile bool _disposed;

    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        for (int i = 1; i < threads; i++)
        {
            int thread = i;
            new Thread(() => Work(thread)) { IsBackground = true, Name = $"Tessera worker {i}" }.Start();
        }
    }

    /// <summary>The number of threads, including the calling one.</summary>
    public int Threads { get; }

    /// <summary>
    /// Calls the body for every item, 0 to <paramref name="items"/> - 1, and returns when all are done.
    /// </summary>
    /// <remarks>
    /// An exception of a body is thrown here. If the threads are busy with another caller's job, the calling thread
    /// does all items itself.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public void Run(int items, Action<int> body)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(CpuDevice));
        if (Threads == 1 || items <= 1 || !_oneJobAtATime.TryEnter())
        {
            RunInTurn(items, body);
            return;
        }
        try
        {
            var job = new Job(items, Threads, body);
            Publish(job);
            job.TakeItems(0);
            job.WaitForTheRest();
        }
        finally
        {
            _job = null;
            _oneJobAtATime.Exit();
        }
    }

    /// <summary>Calls the body for every item on the calling thread, in order, as a pool of one thread does.</summary>
    public static void RunInTurn(int items, Action<int> body)
    {
        for (int item = 0; item < items; item++) body(item);
    }

    /// <summary>
    /// The number of ranges into which <see cref="RunRanges"/> cuts the elements; range i starts at <c>i * grain</c>.
    /// </summary>
    public static int Ranges(int elements, int grain) => elements / grain + (elements % grain == 0 ? 0 : 1);

    /// <summary>Calls the body for consecutive ranges of at most <paramref name="grain"/> elements.</summary>
    public void RunRanges(int elements, int grain, Action<int, int> body)
    {
        int ranges = Ranges(elements, grain);
        if (ranges == 1) body(0, elements);
        else Run(ranges, range => body(range * grain, Math.Min(grain, elements - range * grain)));
    }

    public void Dispose()
    {
        _disposed = true;
        lock (_wake) Monitor.PulseAll(_wake);
    }

    private void Publish(Job job)
    {
        _job = job;
        // With the barrier, either this thread sees the other one counted in Block, or the other one sees the job.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _blocked) == 0) return;
        lock (_wake) Monitor.PulseAll(_wake);
    }

    private void Work(int thread)
    {
        Func<bool> hasWork = () => HasWork;
        while (!_disposed)
        {
            if (!Spin(hasWork)) Block();
            _job?.TakeItems(thread);
        }
    }

    private bool HasWork => _disposed || _job is { HasItems: true };

    private void Block()
    {
        lock (_wake)
        {
            Interlocked.Increment(ref _blocked);
            while (!HasWork) Monitor.Wait(_wake);
            Interlocked.Decrement(ref _blocked);
        }
    }

    /// <summary>Spins for a moment; returns whether the condition became true.</summary>
    private static bool Spin(Func<bool> condition)
    {
        long end = Stopwatch.GetTimestamp() + SpinTicks;
        var spinner = new SpinWait();
        do
        {
            if (condition()) return true;
            // Yields the processor to other threads, but never sleeps for a millisecond.
            spinner.SpinOnce(sleep1Threshold: -1);
        }
        while (Stopwatch.GetTimestamp() < end);
        return false;
    }

    private sealed class Job
    {
        private const int LineLength = CacheLine.Bytes / sizeof(int);

        private readonly int _items, _threads;
        private readonly Action<int> _body;

        // The next item of each thread's range: a cache line apart, and from the array's length, which all read.
        private readonly int[] _next;
        private int _done;
        private bool _callerBlocks;
        private volatile Exception? _failure;

        public Job(int items, int threads, Action<int> body)
        {
            (_items, _threads, _body) = (items, threads, body);
            _next = new int[(threads + 1) * LineLength];
            for (int thread = 0; thread < threads; thread++) Next(thread) = FirstOf(thread);
        }

        public bool HasItems
        {
            get
            {
                for (int thread = 0; thread < _threads; thread++)
                {
                    if (Volatile.Read(ref Next(thread)) < FirstOf(thread + 1)) return true;
                }
                return false;
            }
        }

        private bool IsDone => Volatile.Read(ref _done) == _items;

        /// <summary>
        /// Does the items of a thread's range, then what others have left. After a failure, items are only counted.
        /// </summary>
        public void TakeItems(int thread)
        {
            int taken = 0;
            for (int i = 0; i < _threads; i++) taken += TakeRange((thread + i) % _threads);
            if (taken > 0 && Interlocked.Add(ref _done, taken) == _items && Volatile.Read(ref _callerBlocks))
            {
                lock (this) Monitor.Pulse(this);
            }
        }

        public void WaitForTheRest()
        {
            if (!Spin(() => IsDone))
            {
                lock (this)
                {
                    Volatile.Write(ref _callerBlocks, true);
                    Interlocked.MemoryBarrier();
                    while (!IsDone) Monitor.Wait(this);
                }
            }
            if (_failure is { } failure) ExceptionDispatchInfo.Throw(failure);
        }

        private int TakeRange(int range)
        {
            int taken = 0, end = FirstOf(range + 1);
            ref int next = ref Next(range);
            while (Volatile.Read(ref next) < end && Interlocked.Increment(ref next) - 1 is int item && item < end)
            {
                taken++;
                try
                {
                    if (_failure is null) _body(item);
                }
#pragma warning disable CA1031 // Every exception is rethrown on the caller's thread.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    _failure = exception;
                }
            }
            return taken;
        }

        private ref int Next(int thread) => ref _next[(thread + 1) * LineLength];

        private int FirstOf(int thread) => (int)((long)_items * thread / _threads);
    }
}
