using Tessera.Cli.Tests;
using Tessera.Data;
using Tessera.Imaging;

[assembly: AssemblyFixture(typeof(Trained))]

namespace Tessera.Cli.Tests;

/// <summary>
/// A folder of images and a run trained on them, made once and never changed: tests that change a run copy it.
/// </summary>
public sealed class Trained : IDisposable
{
    public const int TrainCount = 12, TestCount = 5;

    private readonly TemporaryFolder _folder = new();

    public Trained()
    {
        foreach ((string split, long first, int count) in
            new[] { ("train", 0L, TrainCount), ("test", SyntheticShapes.FirstTestNumber, TestCount) })
        {
            Directory.CreateDirectory(_folder["images", split]);
            for (int i = 0; i < count; i++)
                ImageFile.WritePng(_folder["images", split, $"{i:00}.png"], SyntheticShapes.Image(first + i, 16));
        }
        Output = Program.Succeed(
        [
            .. Program.TinyTraining(Images, Run, "--checkpoint-every", "10", "--eval-every", "20")
                .Where(arg => arg != Program.NoReport),
        ]);
    }

    /// <summary>The folder of images, 16x16 RGB, in train/ and test/.</summary>
    public string Images => _folder["images"];

    /// <summary>The run: 30 updates, checkpoints at 10, 20 and 30, evaluations at 20 and 30, a report.</summary>
    public string Run => _folder["run"];

    /// <summary>The newest weights of the run.</summary>
    public string Model => _folder["run", "model.safetensors"];

    /// <summary>The output of the training run.</summary>
    public string Output { get; }

    /// <summary>Copies the run, so that a test can change it.</summary>
    internal string CopyRun(TemporaryFolder to)
    {
        string copy = to["copy"];
        foreach (string file in Directory.EnumerateFiles(Run, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy, Path.GetRelativePath(Run, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return copy;
    }

    public void Dispose() => _folder.Dispose();
}
