using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tessera.Cli.Studio;

namespace Tessera.Studio.Tests;

/// <summary>
/// The description of the API is a file of the studio, made here: so that the program needs no package that makes it.
/// </summary>
public sealed partial class OpenApiTests(TinyRuns tiny)
{
    private const string Rewrite = "TESSERA_WRITE_API";

    private static readonly string Committed = Repository.PathOf("src", "Tessera.Studio", "openapi.json");

    [Fact]
    public async Task The_description_is_that_of_the_endpoints()
    {
        await using StudioServer server = await StudioServer.StartAsync(
            new StudioOptions { Paths = [tiny.Runs], Port = 0 }, new StudioProgram(),
            services => services.AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new() { Title = "Tessera studio", Version = "1" };
                document.Servers = [];
                return Task.CompletedTask;
            })),
            app => app.MapOpenApi("/api/openapi/{documentName}.json"));
        using var client = new HttpClient { BaseAddress = server.Address };
        string found = await client.GetStringAsync("/api/openapi/v1.json", TestContext.Current.CancellationToken);
        found = found.ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
            await File.WriteAllTextAsync(Committed, found, TestContext.Current.CancellationToken);
        string committed = File.Exists(Committed)
            ? (await File.ReadAllTextAsync(Committed, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n")
            : "";
        Assert.True(
            committed == found,
            $"The endpoints changed; run {Rewrite}=1 dotnet test tests/Tessera.Studio.Tests --filter "
            + $"FullyQualifiedName~{nameof(OpenApiTests)} and commit src/Tessera.Studio/openapi.json.");
    }

    [Fact]
    public async Task The_studio_serves_the_description_with_every_endpoint_of_the_documentation()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        JsonElement document = await studio.Get("/api/openapi.json");
        string[] described =
        [
            .. document.GetProperty("paths").EnumerateObject().Select(path => Names().Replace(path.Name, "{}")),
        ];
        string documentation = await File.ReadAllTextAsync(
            Repository.PathOf("docs", "studio-api.md"), TestContext.Current.CancellationToken);
        string[] documented =
        [
            .. Address().Matches(documentation).Select(match => Names().Replace(match.Groups[2].Value, "{}")).Distinct()
                .Where(path => path != "/api/openapi.json"),
        ];
        Assert.NotEmpty(documented);
        Assert.Empty(documented.Except(described));
        Assert.Empty(described.Except(documented));
    }

    [GeneratedRegex(@"`(GET|POST|DELETE) (/api/[a-z0-9/{}.-]+)")]
    private static partial Regex Address();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Names();
}
