namespace Tessera.Tests.Samples;

public class LibraryDocsTests
{
    public static TheoryData<string> Samples() =>
        [
            .. Directory.GetFiles(Repository.PathOf("samples"), "*.cs").Select(file => Path.GetFileName(file))
                .Where(name => name != "Program.cs"),
        ];

    [Theory]
    [MemberData(nameof(Samples))]
    public void The_docs_show_each_sample_as_it_is_compiled(string name)
    {
        string docs = Read("docs", "library.md"), sample = Read("samples", name);
        Assert.True(
            docs.Contains($"```csharp\n{sample}```\n", StringComparison.Ordinal),
            $"docs/library.md does not show samples/{name} as it is; copy the file into its code block.");
    }

    [Fact]
    public void The_docs_show_no_other_code() =>
        Assert.Equal(Samples().Count, Read("docs", "library.md").Split("```csharp\n").Length - 1);

    private static string Read(params string[] path) =>
        File.ReadAllText(Repository.PathOf(path)).ReplaceLineEndings("\n");
}
