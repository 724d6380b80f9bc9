using Tessera.Studio.Models;

namespace Tessera.Studio.Tests;

/// <summary>Work that is done once and kept for a while.</summary>
public sealed class RecentWorkTests
{
    [Fact]
    public async Task Work_is_done_once_until_it_was_used_longest_ago()
    {
        var asked = new List<string>();
        var work = new RecentWork<string, string>(2, (key, _) =>
        {
            asked.Add(key);
            return Task.FromResult(key.ToUpperInvariant());
        });
        foreach (string key in new[] { "a", "b", "a", "c", "a", "b" })
            Assert.Equal(key.ToUpperInvariant(), await work.Of(key).Get());
        // When c came, b was the one used longest ago.
        Assert.Equal(["a", "b", "c", "b"], asked);
    }

    [Fact]
    public async Task Work_under_way_tells_how_far_it_is_and_work_that_failed_is_tried_again()
    {
        var ready = new TaskCompletionSource<string>();
        int tries = 0;
        var work = new RecentWork<int, string>(1, async (_, report) =>
        {
            report("reading images", 0.5);
            if (++tries == 1) await ready.Task;
            return "read";
        });
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Assert.Null(await work.Of(1).Try(cancellation));
        Assert.Equal(("reading images", 0.5), (work.Of(1).Progress.Stage, work.Of(1).Progress.Fraction));
        Task<string> first = work.Of(1).Get();
        ready.SetException(new InputException("the disk is gone"));
        await Assert.ThrowsAsync<InputException>(() => first);
        Assert.Equal("read", await work.Of(1).Get());
    }
}
