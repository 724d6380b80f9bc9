using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tessera.Data;

namespace Tessera.Cli.Tests.Packaging;

/// <summary>The single file that <c>dotnet publish -r RID</c> makes for this platform.</summary>
[Trait("Category", "Long")]
public sealed class PublishTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_published_program_is_one_file_that_trains_on_a_machine_without_NET()
    {
        string log = Dotnet.Succeed(
            _folder.Path, packages: null, "publish", Repository.PathOf("src", "Tessera.Cli"),
            "-r", RuntimeInformation.RuntimeIdentifier, "--output", _folder["published"],
            // The test build has analyzed the same code.
            "--artifacts-path", _folder["artifacts"], "-p:RunAnalyzers=false");
        // A warning of the trimmer means reflection that could fail at run time.
        Assert.DoesNotContain("warning", log, StringComparison.OrdinalIgnoreCase);
        string name = OperatingSystem.IsWindows() ? "tessera.exe" : "tessera";
        Assert.Equal([name], TemporaryFolder.NamesIn(_folder["published"]));

        string Run(params string[] arguments) => Dotnet.Succeed(
            _folder.Path, _folder["published", name],
            start =>
            {
                start.Environment["PATH"] = "";
                start.Environment["DOTNET_ROOT"] = _folder["nowhere"];
                start.Environment["XDG_CACHE_HOME"] = _folder["cache"];
            },
            arguments);

        string trained = Run(
        [
            .. Program.TinyTraining(SyntheticShapes.Name, _folder["run"])
                .Where(argument => argument != Program.NoReport),
        ]);
        Assert.Contains("codes used", trained, StringComparison.Ordinal);
        Assert.True(
            File.Exists(_folder["run", "report", "report.html"]), "the program trained, but wrote no report");
        // Image decoders are chosen at run time, so trimming could have removed one.
        foreach (string file in ImagesOfEveryFormat())
            Run("encode", _folder["run"], file, "--out", _folder["tokens.npy"]);
        // Export and convert use libraries from which trimming could have removed too much.
        Run("export", _folder["run"], "--onnx", _folder["onnx"]);
        Assert.Equal(["autoencoder.onnx", "decoder.onnx", "encoder.onnx"], TemporaryFolder.NamesIn(_folder["onnx"]));
        Run("convert", _folder["run"], _folder["model.pt"]);
        Assert.Contains("16 codes of 4 dimensions", Run("info", _folder["model.pt"]), StringComparison.Ordinal);
        // The models inside the file.
        Run("sample", "cifar10", "--class", "horse", "--count", "2", "--out", _folder["horses.png"]);
        ServesTheStudio(_folder["published", name]);
    }

    /// <summary>The pages are inside the file, and so is what writes JSON.</summary>
    private void ServesTheStudio(string program)
    {
        var start = new ProcessStartInfo(program, ["studio", _folder.Path, "--port", "0", "--no-browser"])
        {
            RedirectStandardOutput = true,
        };
        using Process studio = Process.Start(start)!;
        try
        {
            string address = studio.StandardOutput.ReadLine()!.Split(" at ")[1];
            using var client = new HttpClient { BaseAddress = new Uri(address) };
            Assert.Contains("<script", Get("/"), StringComparison.Ordinal);
            Assert.Contains("\"recon_error\"", Get("/api/runs"), StringComparison.Ordinal);
            Assert.Contains("\"--codes\"", Get("/api/form"), StringComparison.Ordinal);

            string Get(string path) =>
                client.GetStringAsync(path, TestContext.Current.CancellationToken).GetAwaiter().GetResult();
        }
        finally
        {
            studio.Kill();
        }
    }

    private IEnumerable<string> ImagesOfEveryFormat()
    {
        string made = File.ReadAllText(Repository.Fixture("imaging", "formats.json"));
        foreach (JsonElement image in JsonDocument.Parse(made).RootElement.EnumerateArray())
        {
            string name = image.GetProperty("name").GetString()!;
            yield return _folder.Write($"images/{name}", image.GetProperty("file").GetBytesFromBase64());
        }
    }
}
