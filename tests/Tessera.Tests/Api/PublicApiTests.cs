using System.Reflection;
using System.Text.RegularExpressions;
using Tessera.Cuda;
using Tessera.Models;
using Tessera.Mpi;
using Tessera.Onnx;
using Tessera.Tensors;

namespace Tessera.Tests.Api;

/// <summary>The public members of each package are those of a committed file, so that no change goes unseen.</summary>
public partial class PublicApiTests
{
    private const string Rewrite = "TESSERA_WRITE_API";

    private static readonly Assembly[] Packages =
    [
        typeof(Tensor).Assembly, typeof(InputException).Assembly, typeof(PretrainedModels).Assembly,
        typeof(OnnxExport).Assembly, typeof(CudaDevice).Assembly, typeof(MpiCollective).Assembly,
    ];

    public static TheoryData<string> Names() => [.. Packages.Select(package => package.GetName().Name!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_public_members_are_those_of_the_committed_file(string name)
    {
        string path = Repository.PathOf("tests", "fixtures", "api", $"{name}.txt");
        IReadOnlyList<string> found = PublicApi.Of(Packages.Single(package => package.GetName().Name == name));
        if (Environment.GetEnvironmentVariable(Rewrite) == "1") File.WriteAllLines(path, found);
        string[] committed = File.Exists(path) ? File.ReadAllLines(path) : [];
        string[] changes =
        [
            .. committed.Except(found).Select(line => $"- {line}"),
            .. found.Except(committed).Select(line => $"+ {line}"),
        ];
        Assert.True(
            changes.Length == 0,
            $"The public members of {name} changed:\n{string.Join('\n', changes)}\nIf this is meant, run "
            + $"{Rewrite}=1 dotnet test tests/Tessera.Tests --filter FullyQualifiedName~{nameof(PublicApiTests)} "
            + $"and commit tests/fixtures/api/{name}.txt.");
    }

    /// <summary>A type that nothing shows how to use is not public, or wants a sample or a test.</summary>
    [Fact]
    public void Every_public_type_is_used_in_a_sample_or_a_test()
    {
        HashSet<string> words =
        [
            .. ((string[])["samples", "tests"])
                .SelectMany(folder => Directory.EnumerateFiles(
                    Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories))
                .Where(file => !BuildOutput().IsMatch(file))
                .SelectMany(file => Word().Matches(Comment().Replace(File.ReadAllText(file), "")))
                .Select(match => match.Value),
        ];
        Assert.Empty(
            Packages.SelectMany(package => package.GetExportedTypes())
                .Where(type => !words.Contains(PublicApi.NameOf(type))).Select(type => type.FullName));
    }

    [Fact]
    public void A_member_is_written_as_in_the_source()
    {
        Assert.Contains(
            "Tessera.Tokens.Tokenizer.Open(string path, Device? device = null, string? key = null) : static Tokenizer",
            PublicApi.Of(typeof(InputException).Assembly));
        Assert.Contains(
            "Tessera.Tensors.Ops.TensorOperations.GatherRows(this Tensor table, Indices indices) : static Tensor",
            PublicApi.Of(typeof(Tensor).Assembly));
        Assert.Contains(
            "Tessera.Tensors.Devices.Device.Allocate<T>(int length) : abstract Storage<T> where T : unmanaged",
            PublicApi.Of(typeof(Tensor).Assembly));
    }

    [GeneratedRegex(@"[/\\](bin|obj)[/\\]")]
    private static partial Regex BuildOutput();

    [GeneratedRegex("//.*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"[A-Za-z_]\w*")]
    private static partial Regex Word();
}
