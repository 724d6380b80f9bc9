using Tessera.Data;
using Tessera.Imaging;

namespace Tessera.Tests;

[Collection(nameof(ReadmeTests))]
public sealed class ReadmeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _before = Directory.GetCurrentDirectory();

    public void Dispose()
    {
        Directory.SetCurrentDirectory(_before);
        _folder.Dispose();
    }

    [Fact]
    public void The_code_in_the_README_is_the_code_that_is_compiled_here()
    {
        string[] source = File.ReadAllLines(Repository.PathOf("tests", "Tessera.Tests", "ReadmeExample.cs"));
        string[] compiled =
        [
            .. source.SkipWhile(line => !line.Contains("README begins")).Skip(1)
                .TakeWhile(line => !line.Contains("README ends")).Select(line => line.Length > 8 ? line[8..] : ""),
        ];
        string[] shown =
        [
            .. File.ReadAllLines(Repository.PathOf("README.md")).SkipWhile(line => line != "```csharp").Skip(1)
                .TakeWhile(line => line != "```").SkipWhile(line => !line.StartsWith("TrainingOptions")),
        ];
        Assert.NotEmpty(compiled);
        Assert.Equal(compiled, shown);
    }

    [Fact]
    public void The_code_in_the_README_runs()
    {
        Directory.SetCurrentDirectory(_folder.Path);
        ImageSet train = SyntheticShapes.Load(Split.Train, size: 8, trainCount: 200, testCount: 1);
        ImageSet test = SyntheticShapes.Load(Split.Test, size: 8, trainCount: 1, testCount: 20);
        ReadmeExample.Run(train, test, TestContext.Current.CancellationToken);
        Assert.Equal(8, ImageFile.Read(_folder["reconstruction.png"]).Width);
        Assert.Equal(3, File.ReadAllLines(_folder["runs", "example", "metrics.csv"]).Length);
    }
}

/// <summary>The current folder is process-wide, so no other tests run in parallel with these.</summary>
[CollectionDefinition(nameof(ReadmeTests), DisableParallelization = true)]
public sealed class ReadmeCollection;
