using System.Net;
using System.Text;
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
            () => Task.FromResult(output.ToString().Contains("it has started go on", StringComparison.Ordinal)),
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

    [Fact]
    public async Task A_token_in_the_environment_is_not_in_the_list_of_processes()
    {
        const string Variable = "TESSERA_STUDIO_TOKEN";
        using var cancellation = new CancellationTokenSource();
        using var output = new StringWriter();
        using var error = new StringWriter();
        TextWriter shared = TextWriter.Synchronized(output);
        string[] arguments = ["studio", tiny.Runs, "--host", "127.0.0.1", "--port", "0", "--no-browser"];
        try
        {
            Environment.SetEnvironmentVariable(Variable, "short");
            Assert.Equal(
                TesseraProgram.WrongInput,
                TesseraProgram.Run(arguments, shared, error, TestContext.Current.CancellationToken));
            Assert.Contains($"{Variable} must have at least 16 characters", error.ToString(), StringComparison.Ordinal);
            Environment.SetEnvironmentVariable(Variable, "a long secret text");
            Task<int> running = Task.Run(
                () => TesseraProgram.Run(arguments, shared, error, cancellation.Token),
                TestContext.Current.CancellationToken);
            await Studio.Until(() => Task.FromResult(output.ToString().Contains(" at ")), "the address");
            string address = output.ToString().Split(" at ")[1].Split(Environment.NewLine)[0];
            using var client = new HttpClient { BaseAddress = new Uri(address) };
            using HttpResponseMessage without =
                await client.GetAsync("/api/runs", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
            using HttpResponseMessage session = await client.PostAsync(
                "/api/session",
                new StringContent("""{"token":"a long secret text"}""", Encoding.UTF8, "application/json"),
                TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NoContent, session.StatusCode);
            await cancellation.CancelAsync();
            Assert.Equal(0, await running);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }

    [Theory]
    [InlineData("there is no run or folder none", "none")]
    [InlineData("--port must be 0 to 65535", "--port", "65536")]
    [InlineData("TESSERA_STUDIO_TOKEN or with --token", "--host", "0.0.0.0")]
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
