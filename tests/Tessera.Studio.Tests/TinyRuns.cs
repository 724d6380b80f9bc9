using System.Runtime.CompilerServices;
using Tessera.Cli;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Studio.Tests;

[assembly: AssemblyFixture(typeof(TinyRuns))]

namespace Tessera.Studio.Tests;

/// <summary>
/// A folder of images of two classes, and a folder of runs: <c>plain</c>, a tokenizer of 4 x 4 codes of 16 with its
/// prior, and <c>other</c>, one with more codes. Made once and never changed: tests that change a run copy it.
/// </summary>
public sealed class TinyRuns : IDisposable
{
    public const int TestCount = 6;

    private static readonly string[] Classes = ["cube", "sphere"];

    private readonly TemporaryFolder _folder = new();

    public TinyRuns()
    {
        foreach ((string split, long first, int count) in
            new[] { ("train", 0L, 12), ("test", SyntheticShapes.FirstTestNumber, TestCount) })
        {
            for (int i = 0; i < count; i++)
            {
                Directory.CreateDirectory(_folder["images", split, Classes[i % 2]]);
                ImageFile.WritePng(
                    _folder["images", split, Classes[i % 2], $"{i}.png"], SyntheticShapes.Image(first + i, 16));
            }
        }
        Program(Training(Path.Combine(Runs, "plain")));
        Program(Training(Path.Combine(Runs, "other"), "--codes", "32"));
        Program(
            "prior", Path.Combine(Runs, "plain"), "--updates", "20", "--batch", "4", "--width", "16", "--layers", "1",
            "--heads", "2", "--warmup", "0", "--threads", "1", "--checkpoint-every", "10", "--eval-every", "10");
    }

    /// <summary>The folder of images, 16x16 RGB.</summary>
    public string Images => _folder["images"];

    /// <summary>The folder of runs.</summary>
    public string Runs => _folder["runs"];

    /// <summary>The tests leave the user's cache folder alone (on Linux).</summary>
    [ModuleInitializer]
    public static void UseOwnCache() =>
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Path.Combine(AppContext.BaseDirectory, "cache"));

    /// <summary>The arguments that train a tiny model for 40 updates.</summary>
    internal string[] Training(string run, params string[] others) =>
    [
        "train", "--data", Images, "--out", run, "--no-report", "--schedule", "constant", "--warmup", "0",
        "--batch", "4", "--hidden", "8", "--residual-hidden", "4", "--residual-layers", "1", "--code-dim", "4",
        "--threads", "1", "--checkpoint-every", "20", "--eval-every", "20",
        .. others.Contains("--size") ? (string[])[] : ["--size", "16"],
        .. others.Contains("--updates") ? (string[])[] : ["--updates", "40"],
        .. others.Contains("--codes") ? (string[])[] : ["--codes", "16"], .. others,
    ];

    /// <summary>Copies the folder of runs.</summary>
    internal string Copy(TemporaryFolder to)
    {
        foreach (string file in Directory.EnumerateFiles(Runs, "*", SearchOption.AllDirectories))
            to.Write($"runs/{Path.GetRelativePath(Runs, file).Replace('\\', '/')}", File.ReadAllBytes(file));
        return to["runs"];
    }

    /// <summary>Replaces a text in the <c>config.json</c> of a run.</summary>
    internal static void ReplaceInConfig(string runs, string run, string from, string to)
    {
        string path = Path.Combine(runs, run, "config.json"), text = File.ReadAllText(path);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
    }

    /// <summary>Runs the program in this process.</summary>
    internal static void Program(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = TesseraProgram.Run(args, output, error);
        Assert.True(code == 0, $"tessera {string.Join(' ', args)}: exit code {code}: {error}");
    }

    public void Dispose() => _folder.Dispose();
}
