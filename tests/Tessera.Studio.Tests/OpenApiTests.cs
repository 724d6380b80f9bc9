using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Tessera.Cli.Studio;
using Tessera.Studio.Contract;
using Tessera.Studio.Http;

namespace Tessera.Studio.Tests;

/// <summary>
/// The description of the API is a file of the studio, made here: so that the program needs no package that makes it.
/// </summary>
public sealed partial class OpenApiTests(TinyRuns tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private const string Rewrite = "TESSERA_WRITE_API";

    private static readonly string Committed = Repository.PathOf("src", "Tessera.Studio", "openapi.json");

    [Fact]
    public async Task The_description_is_that_of_the_endpoints()
    {
        await using StudioServer server = await StudioServer.StartAsync(
            new StudioOptions { Paths = [tiny.Runs], Port = 0 }, new StudioProgram(),
            services => services.AddOpenApi(options => options
                .AddDocumentTransformer((document, _, _) =>
                {
                    document.Info = new() { Title = "Tessera studio", Version = "1" };
                    document.Servers = [];
                    return Task.CompletedTask;
                })
                .AddOperationTransformer(Complete)),
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

    /// <summary>
    /// Every endpoint is called with good values and with bad ones: the statuses and the types of bodies are described.
    /// </summary>
    [Fact]
    public async Task Every_endpoint_answers_as_it_is_described()
    {
        string runs = tiny.Copy(_folder);
        await using Studio studio = await Studio.Start(runs);
        JsonElement paths = (await studio.Get("/api/openapi.json")).GetProperty("paths");
        string plain = await studio.Id("plain"), other = await studio.Id("other");
        string codes = $"[{string.Join(',', Enumerable.Repeat(1, 16))}]";
        var bodies = new Dictionary<string, string>
        {
            ["/api/session"] = """{"token":"any"}""",
            ["/api/form/check"] = """{"values":{}}""",
            ["/api/runs"] = """{"values":{"--batch":"0"}}""",
            ["/api/runs/{id}/resume"] = """{"values":{}}""",
            ["/api/runs/{id}/samples"] = """{"count":1}""",
            ["/api/runs/{id}/encode"] = """{"number":0}""",
            ["/api/runs/{id}/import"] = $$"""{"rows":4,"columns":4,"codes":{{codes}}}""",
            ["/api/runs/{id}/decode"] = $$"""{"rows":4,"columns":4,"codes":{{codes}}}""",
            ["/api/runs/{id}/export"] = $$"""{"rows":4,"columns":4,"codes":{{codes}},"format":"npy"}""",
            ["/api/runs/{id}/likely"] = $$"""{"codes":{{codes}},"place":3}""",
            ["/api/runs/{id}/nats"] = $$"""{"codes":{{codes}}}""",
            ["/api/runs/{id}/interpolate"] = $$"""{"rows":4,"columns":4,"from":{{codes}},"to":{{codes}}}""",
        };
        foreach (JsonProperty path in paths.EnumerateObject())
        {
            foreach (JsonProperty operation in path.Value.EnumerateObject())
            {
                string address = path.Name.Replace("samples/{id}", "samples/s1", StringComparison.Ordinal)
                    .Replace("launches/{id}", "launches/l1", StringComparison.Ordinal)
                    .Replace("{id}", plain, StringComparison.Ordinal).Replace("{number}", "1", StringComparison.Ordinal)
                    .Replace("{update}", "40", StringComparison.Ordinal);
                if (path.Name.StartsWith("/api/compare", StringComparison.Ordinal)) address += $"?a={plain}&b={other}";
                Assert.Equal(
                    bodies.ContainsKey(path.Name) && operation.NameEquals("post"),
                    operation.Value.TryGetProperty("requestBody", out _));
                using HttpResponseMessage response = await studio.Send(
                    new HttpMethod(operation.Name.ToUpperInvariant()), address,
                    operation.NameEquals("post") ? bodies.GetValueOrDefault(path.Name) : null);
                CheckDescribed($"{operation.Name} {path.Name}", operation.Value.GetProperty("responses"), response);
            }
        }
    }

    private static void CheckDescribed(string endpoint, JsonElement responses, HttpResponseMessage response)
    {
        string status = $"{(int)response.StatusCode}";
        Assert.True((int)response.StatusCode < 500, $"{endpoint} was answered with {status}");
        string known = (int)response.StatusCode < 400 ? status : "default";
        Assert.True(
            responses.TryGetProperty(known, out JsonElement described), $"{endpoint}: {status} is not described");
        string[] types = described.TryGetProperty("content", out JsonElement content)
            ? [.. content.EnumerateObject().Select(type => type.Name)]
            : [];
        string? type = response.Content.Headers.ContentType?.MediaType;
        Assert.True(
            type is null ? types.Length == 0 : types.Contains(type),
            $"{endpoint}: {status} has the body {type ?? "none"}, not {string.Join(" or ", types)}");
        Assert.All(
            types,
            name => Assert.True(content.GetProperty(name).TryGetProperty("schema", out _), $"{endpoint}: {name}"));
    }

    /// <summary>Adds what holds for all endpoints, and bodies that endpoints read themselves.</summary>
    private static async Task Complete(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        operation.Responses ??= [];
        operation.Responses["default"] = new OpenApiResponse
        {
            Description = "An error",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new() { Schema = await Schema(typeof(ErrorAnswer)) },
            },
        };
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<TakenBody>().SingleOrDefault() is not { } body)
            return;
        var contents = new Dictionary<string, OpenApiMediaType>
        {
            ["application/json"] = new() { Schema = await Schema(body.Json) },
        };
        foreach (string type in body.Files) contents[type] = new() { Schema = await Schema(typeof(Stream)) };
        operation.RequestBody = new OpenApiRequestBody { Content = contents, Required = true };

        Task<OpenApiSchema> Schema(Type type) =>
            context.GetOrCreateSchemaAsync(type, parameterDescription: null, cancellation);
    }

    [GeneratedRegex(@"`(GET|POST|DELETE) (/api/[a-z0-9/{}.-]+)")]
    private static partial Regex Address();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Names();
}
