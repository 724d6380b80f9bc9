using Tessera.Cli;

namespace Tessera.Studio.Tests;

/// <summary>The command <c>tessera studio</c>.</summary>
public sealed class CommandTests(TinyRuns tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_serves_until_it_is_interrupted()
    {
        using var cancellation = new CancellationTokenSource();
        using var output = new StringWriter();
        using var error = new StringWriter();
        TextWriter shared = TextWriter.Synchronized(output);
        Task<int> running = Task.Run(
            () => TesseraProgram.Run(
                ["studio", tiny.Runs, "--port", "0", "--no-browser"], shared, error, cancellation.Token),
            TestContext.Current.CancellationToken);
        await Studio.Until(
            () => Task.FromResult(output.ToString().Contains("runs that it has started go on", StringComparison.Ordinal)),
            "the address");
        string address = output.ToString().Split("at ")[1].Split(Environment.NewLine)[0];
        using var client = new HttpClient();
        Assert.Contains(
            "plain",
            await client.GetStringAsync(new Uri($"{address}api/runs"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        await cancellation.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Equal("", error.ToString());
    }

    [Theory]
    [InlineData("there is no run or folder none", "none")]
    [InlineData("--port must be 0 to 65535", "--port", "65536")]
    [InlineData("--token", "--host", "0.0.0.0")]
    [InlineData("--token must have at least 16 characters", "--token", "short")]
    [InlineData("--host not.a.name.invalid is neither", "--host", "not.a.name.invalid", "--token", "0123456789abcdef")]
    [InlineData("--data none: there is no such folder", "--data", "none")]
    public void What_is_wrong_is_one_line(string expected, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = TesseraProgram.Run(
            ["studio", "--no-browser", .. arguments], output, error, TestContext.Current.CancellationToken);
        Assert.Equal(TesseraProgram.WrongInput, code);
        Assert.Contains(expected, error.ToString(), StringComparison.Ordinal);
        Assert.Single(error.ToString().TrimEnd().Split('\n'));
    }
}
