using Tessera.Runs;

namespace Tessera.Tests.Runs;

public sealed class StopRequestTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Someone may ask while the images are still being read.</summary>
    [Fact]
    public void A_request_from_before_the_watch_counts_if_the_process_ran_already()
    {
        StopRequest.Write(_folder.Path);
        Assert.True(IsStopped(TimeSpan.FromSeconds(20)), "the request was not seen");
        Assert.False(File.Exists(_folder[StopRequest.Name]), "the request was left behind");
    }

    [Fact]
    public void A_request_from_before_the_process_is_dropped()
    {
        StopRequest.Write(_folder.Path);
        File.SetLastWriteTimeUtc(_folder[StopRequest.Name], DateTime.UtcNow.AddDays(-1));
        Assert.False(IsStopped(TimeSpan.FromSeconds(0.6)), "a request that was meant for another process was followed");
    }

    private bool IsStopped(TimeSpan patience)
    {
        using var stopped = new ManualResetEventSlim();
        using IDisposable watch = StopRequest.Watch(_folder.Path, stopped.Set);
        return stopped.Wait(patience, TestContext.Current.CancellationToken);
    }
}
