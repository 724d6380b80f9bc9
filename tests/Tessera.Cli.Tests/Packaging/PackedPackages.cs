using System.Security;

namespace Tessera.Cli.Tests.Packaging;

/// <summary>The packages, packed once from the test build when a test first needs them.</summary>
public sealed class PackedPackages : IDisposable
{
    private static readonly string[] Projects =
        ["Tessera.Tensors", "Tessera", "Tessera.Models", "Tessera.Onnx", "Tessera.Cuda", "Tessera.Mpi", "Tessera.Cli"];

    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<string> _packed;

    public PackedPackages() => _packed = new Lazy<string>(Pack);

    /// <summary>The folder that holds the packages.</summary>
    public string Folder => _packed.Value;

    /// <summary>The version of the packages.</summary>
    public string Version => Path.GetFileNameWithoutExtension(
        Directory.GetFiles(Folder, "Tessera.Cli.*.nupkg").Single())["Tessera.Cli.".Length..];

    /// <summary>
    /// Writes a <c>nuget.config</c> that takes Tessera's packages from <see cref="Folder"/> only, and all others from
    /// the packages unpacked when Tessera was built. Nothing is downloaded.
    /// </summary>
    /// <param name="folder">The folder to write the file to.</param>
    public void Configure(string folder) => File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
        <configuration>
          <packageSources>
            <clear />
            <add key="packed" value="{SecurityElement.Escape(Folder)}" />
            <add key="unpacked" value="{SecurityElement.Escape(UserPackages)}" />
          </packageSources>
          <packageSourceMapping>
            <clear />
            <packageSource key="packed"><package pattern="Tessera" /><package pattern="Tessera.*" /></packageSource>
            <packageSource key="unpacked"><package pattern="*" /></packageSource>
          </packageSourceMapping>
        </configuration>
        """);

    public void Dispose() => _folder.Dispose();

    private static string UserPackages =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private string Pack()
    {
        foreach (string project in Projects)
        {
            Dotnet.Succeed(
                _folder.Path, packages: null, "pack", Repository.PathOf("src", project), "--no-build",
                "--configuration", Dotnet.Configuration, "--output", _folder["packages"]);
        }
        return _folder["packages"];
    }
}
