using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors.Tests.Devices;

public class WorkerPoolTests
{
    [Fact]
    public void Every_item_is_done_once()
    {
        foreach (int threads in (int[])[1, 2, 3, 7])
        {
            using var pool = new WorkerPool(threads);
            Assert.Equal(threads, pool.Threads);
            foreach (int items in (int[])[0, 1, 2, 3, 10, 1000])
            {
                int[] calls = new int[items];
                pool.Run(items, item => Interlocked.Increment(ref calls[item]));
                Assert.All(
                    calls,
                    count => Assert.True(count == 1, $"{threads} threads did one of {items} items {count} times"));
            }
        }
    }

    [Fact]
    public void Ranges_cover_all_elements_without_overlap()
    {
        using var pool = new WorkerPool(3);
        foreach (int elements in (int[])[0, 1, 9, 10, 11, 20, 95])
        {
            int[] calls = new int[elements];
            pool.RunRanges(elements, 10, (first, count) =>
            {
                Assert.InRange(count, 1, 10);
                for (int i = first; i < first + count; i++) Interlocked.Increment(ref calls[i]);
            });
            Assert.All(calls, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Ranges_of_the_largest_tensors_do_not_overflow()
    {
        using var pool = new WorkerPool(1);
        long covered = 0;
        pool.RunRanges(int.MaxValue, 1 << 20, (first, count) =>
        {
            Assert.Equal(covered, first);
            covered += count;
        });
        Assert.Equal(int.MaxValue, covered);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void An_exception_of_a_body_reaches_the_caller_and_the_pool_still_works(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int round = 0; round < 20; round++)
        {
            var thrown = Assert.Throws<FormatException>(() => pool.Run(50, item =>
            {
                if (item == 17) throw new FormatException("item 17");
            }));
            Assert.Equal("item 17", thrown.Message);
            int done = 0;
            pool.Run(50, _ => Interlocked.Increment(ref done));
            Assert.Equal(50, done);
        }
    }

    [Fact]
    public void The_calling_thread_begins_with_the_first_items()
    {
        using var pool = new WorkerPool(2);
        using var both = new Barrier(2);
        for (int job = 0; job < 100; job++)
        {
            int[] threads = new int[2];
            pool.Run(2, item =>
            {
                threads[item] = Environment.CurrentManagedThreadId;
                Assert.True(both.SignalAndWait(TimeSpan.FromMinutes(1)), "one thread does both items");
            });
            Assert.Equal(Environment.CurrentManagedThreadId, threads[0]);
            Assert.NotEqual(threads[0], threads[1]);
        }
    }

    [Fact]
    public void A_thread_takes_what_a_slower_one_has_left()
    {
        const int Items = 10;
        using var pool = new WorkerPool(2);
        using var others = new CountdownEvent(Items - 1);
        pool.Run(Items, item =>
        {
            if (item == Items / 2) Assert.True(others.Wait(TimeSpan.FromMinutes(1)), "nobody took the other items");
            else others.Signal();
        });
    }

    [Fact]
    public void Many_small_jobs_are_done()
    {
        using var pool = new WorkerPool(3);
        long sum = 0;
        for (int job = 0; job < 5000; job++) pool.Run(3, item => Interlocked.Add(ref sum, item + 1));
        Assert.Equal(5000 * 6, sum);
    }

    [Fact]
    public void Several_threads_may_call_at_once()
    {
        using var pool = new WorkerPool(3);
        long[] sums = new long[4];
        Thread[] callers =
        [
            .. Enumerable.Range(0, sums.Length).Select(caller => new Thread(() =>
            {
                for (int job = 0; job < 300; job++) pool.Run(10, item => Interlocked.Add(ref sums[caller], item));
            })),
        ];
        foreach (Thread caller in callers) caller.Start();
        foreach (Thread caller in callers) Assert.True(caller.Join(TimeSpan.FromSeconds(30)), "A caller hangs.");
        Assert.All(sums, sum => Assert.Equal(300 * 45, sum));
    }

    [Fact]
    public void A_caller_does_not_wait_for_another_ones_job()
    {
        using var pool = new WorkerPool(2);
        using var release = new ManualResetEventSlim();
        using var started = new CountdownEvent(2);
        var first = new Thread(() => pool.Run(2, _ =>
        {
            started.Signal();
            release.Wait(TestContext.Current.CancellationToken);
        }));
        first.Start();
        Assert.True(
            started.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken),
            "The first job's items do not run side by side.");
        int done = 0;
        var second = new Thread(() => pool.Run(10, _ => Interlocked.Increment(ref done)));
        second.Start();
        bool ended = second.Join(TimeSpan.FromSeconds(30));
        release.Set();
        Assert.True(ended, "The second caller waits for the first one's job.");
        Assert.Equal(10, done);
        Assert.True(first.Join(TimeSpan.FromSeconds(30)), "The first caller hangs.");
    }

    [Fact]
    public void A_body_may_run_a_job_of_its_own()
    {
        using var pool = new WorkerPool(3);
        int done = 0;
        for (int round = 0; round < 100; round++)
        {
            pool.Run(5, _ => pool.Run(7, _ => Interlocked.Increment(ref done)));
        }
        Assert.Equal(100 * 5 * 7, done);
    }

    [Fact]
    public void Threads_that_have_gone_to_sleep_wake_for_the_next_job()
    {
        using var pool = new WorkerPool(2);
        for (int round = 0; round < 20; round++)
        {
            Thread.Sleep(5);
            using var both = new Barrier(2);
            bool met = true;
            pool.Run(2, _ =>
            {
                if (!both.SignalAndWait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)) met = false;
            });
            Assert.True(met, "The second thread did not come.");
        }
    }

    [Fact]
    public void A_pool_has_at_least_one_thread()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(-1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_job_after_the_end_throws_instead_of_hanging(int threads)
    {
        var pool = new WorkerPool(threads);
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(10, _ => { }));
        pool.Dispose();
    }
}
