using System.IO.Compression;
using System.Xml.Linq;
using Tessera.Data;
using Tessera.Models;
using Tessera.Tensors;

namespace Tessera.Cli.Tests.Packaging;

/// <summary>The packages that <c>dotnet pack</c> makes, installed and used.</summary>
[Trait("Category", "Long")]
public sealed class PackageTests(PackedPackages packages) : IClassFixture<PackedPackages>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Tessera.Tensors", "lib/net10.0/Tessera.Tensors", "System.Numerics.Tensors")]
    [InlineData(
        "Tessera", "lib/net10.0/Tessera", "MathNet.Numerics", "Parquet.Net", "SixLabors.ImageSharp",
        "System.IO.Hashing", "Tessera.Tensors")]
    [InlineData("Tessera.Models", "lib/net10.0/Tessera.Models", "Tessera")]
    [InlineData("Tessera.Cuda", "lib/net10.0/Tessera.Cuda", "ILGPU", "Tessera.Tensors")]
    [InlineData("Tessera.Mpi", "lib/net10.0/Tessera.Mpi", "Tessera.Tensors")]
    [InlineData("Tessera.Onnx", "lib/net10.0/Tessera.Onnx", "Google.Protobuf", "Tessera")]
    [InlineData("Tessera.Cli", "tools/net10.0/any/Tessera.Cli")]
    public void A_package_has_its_README_licence_documentation_symbols_and_dependencies(
        string name, string assembly, params string[] dependencies)
    {
        using ZipArchive package = Open(name, "nupkg");
        XElement metadata = Specification(package, name);
        XElement Get(string element) => metadata.Element(metadata.Name.Namespace + element)!;
        Assert.Equal("README.md", Get("readme").Value);
        Assert.Equal("MIT", Get("license").Value);
        Assert.NotEmpty(Get("description").Value);
        Assert.Equal(File.ReadAllText(Repository.PathOf("src", name, "README.md")), Text(package, "README.md"));
        Assert.Equal(
            dependencies,
            metadata.Descendants(metadata.Name.Namespace + "dependency")
                .Select(entry => entry.Attribute("id")!.Value).Order());
        Assert.NotNull(package.GetEntry(assembly + ".dll"));
        Assert.Contains("<summary>", Text(package, assembly + ".xml"), StringComparison.Ordinal);

        using ZipArchive symbols = Open(name, "snupkg");
        Assert.NotNull(symbols.GetEntry(assembly + ".pdb"));
    }

    [Fact]
    public void The_tool_installs_from_a_folder_trains_and_prints_its_version()
    {
        packages.Configure(_folder.Path);
        Dotnet.Succeed(
            _folder.Path, _folder["cache"], "tool", "install", "Tessera.Cli", "--version", packages.Version,
            "--tool-path", _folder["tools"]);
        string tool = _folder["tools", OperatingSystem.IsWindows() ? "tessera.exe" : "tessera"];

        Assert.Equal(packages.Version, Dotnet.Succeed(_folder.Path, tool, _ => { }, "--version").Trim());
        Dotnet.Succeed(_folder.Path, tool, _ => { }, Program.TinyTraining(SyntheticShapes.Name, _folder["run"]));
        Assert.True(File.Exists(_folder["run", "model.safetensors"]), "the tool trained, but wrote no model");
    }

    [Fact]
    public void A_program_builds_with_the_packages_and_gets_the_same_codes()
    {
        packages.Configure(_folder.Path);
        File.WriteAllText(_folder["Consumer.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <UseAppHost>false</UseAppHost>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Tessera" Version="{packages.Version}" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(_folder["Consumer.cs"], """
            using System;
            using Tessera.Data;
            using Tessera.Models;
            using Tessera.Tensors;

            byte[] pixels = SyntheticShapes.Image(number: 0, size: 16).Pixels;
            float[] values = new float[pixels.Length];
            PixelValues.FromBytes(pixels, values);
            var model = new VqVae(
                new VqVaeOptions { Hidden = 8, ResidualHidden = 4, Codes = 32, CodeDim = 4 }, seed: 1);
            Console.WriteLine(string.Join(' ', model.Encode(Tensor.From(values, [1, 16, 16, 3]))));
            """);
        Dotnet.Succeed(_folder.Path, _folder["cache"], "build", "--output", _folder["built"]);

        string printed = Dotnet.Succeed(_folder.Path, _folder["cache"], _folder["built", "Consumer.dll"]);

        float[] values = new float[16 * 16 * 3];
        PixelValues.FromBytes(SyntheticShapes.Image(0, 16).Pixels, values);
        var model = new VqVae(new VqVaeOptions { Hidden = 8, ResidualHidden = 4, Codes = 32, CodeDim = 4 }, seed: 1);
        Assert.Equal(string.Join(' ', model.Encode(Tensor.From(values, [1, 16, 16, 3]))), printed.Trim());
    }

    private ZipArchive Open(string name, string ending) =>
        ZipFile.OpenRead(Path.Combine(packages.Folder, $"{name}.{packages.Version}.{ending}"));

    private static XElement Specification(ZipArchive package, string name)
    {
        XElement root = XDocument.Parse(Text(package, name + ".nuspec")).Root!;
        return root.Element(root.Name.Namespace + "metadata")!;
    }

    private static string Text(ZipArchive package, string path)
    {
        ZipArchiveEntry? entry = package.GetEntry(path);
        Assert.True(entry is not null, $"the package holds no {path}, but {string.Join(", ", package.Entries)}");
        using var reader = new StreamReader(entry.Open());
        return reader.ReadToEnd();
    }
}
