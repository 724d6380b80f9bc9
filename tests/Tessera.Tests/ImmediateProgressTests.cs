namespace Tessera.Tests;

public class ImmediateProgressTests
{
    [Fact]
    public void It_calls_back_before_the_report_returns()
    {
        var seen = new List<int>();
        var progress = new ImmediateProgress<int>(seen.Add);
        progress.Report(1);
        Assert.Equal([1], seen);
        progress.Report(2);
        Assert.Equal([1, 2], seen);
    }
}
