using Tessera.Cli.Tests;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Tensors.IO;

[assembly: AssemblyFixture(typeof(TrainedPrior))]

namespace Tessera.Cli.Tests;

/// <summary>
/// A folder of images of two classes, a run trained on them and its prior, made once and never changed: tests that
/// change one copy it.
/// </summary>
public sealed class TrainedPrior : IDisposable
{
    public const int TrainCount = 8, TestCount = 4;

    private static readonly string[] Classes = ["cube", "sphere"];

    private readonly TemporaryFolder _folder = new();

    public TrainedPrior()
    {
        foreach ((string split, long first, int count) in
            new[] { ("train", 0L, TrainCount), ("test", SyntheticShapes.FirstTestNumber, TestCount) })
        {
            for (int i = 0; i < count; i++)
            {
                Directory.CreateDirectory(_folder["images", split, Classes[i % 2]]);
                // The class of an image is its number modulo 10: 1 is a cube and 0 a sphere.
                ImageFile.WritePng(
                    _folder["images", split, Classes[i % 2], $"{i}.png"],
                    SyntheticShapes.Image((first + 9) / 10 * 10 + 10 * (i / 2) + 1 - i % 2, 16));
            }
        }
        Program.Succeed(Program.TinyTraining(Images, Run, "--updates", "20"));
        Output = Program.Succeed(Training(Run));
    }

    /// <summary>The folder of images, 16x16 RGB, in train/CLASS and test/CLASS.</summary>
    public string Images => _folder["images"];

    /// <summary>The tokenizer's run: 4 x 4 codes of 16.</summary>
    public string Run => _folder["run"];

    /// <summary>The tokenizer's newest weights.</summary>
    public string Model => _folder["run", "model.safetensors"];

    /// <summary>The prior's run: 20 updates, checkpoints and evaluations at 10 and 20.</summary>
    public string Prior => _folder["run", "prior"];

    /// <summary>The output of the prior's training.</summary>
    public string Output { get; }

    /// <summary>The arguments that train such a prior.</summary>
    internal static string[] Training(string run, params string[] others) =>
    [
        "prior", run, "--updates", "20", "--batch", "4", "--width", "16", "--layers", "1", "--heads", "2",
        "--warmup", "0", "--threads", "1", "--checkpoint-every", "10", "--eval-every", "10", .. others,
    ];

    /// <summary>Copies the run with its prior, so that a test can change it.</summary>
    internal string CopyRun(TemporaryFolder to)
    {
        foreach (string file in Directory.EnumerateFiles(Run, "*", SearchOption.AllDirectories))
            to.Write($"copy/{Path.GetRelativePath(Run, file).Replace('\\', '/')}", File.ReadAllBytes(file));
        return to["copy"];
    }

    /// <summary>Copies the run and changes the copy's tokenizer, as if it had been trained further since.</summary>
    internal string CopyRunTrainedOn(TemporaryFolder to)
    {
        string run = CopyRun(to);
        TensorFile file = SafeTensors.Read(Model);
        using FileStream stream = File.Create(Path.Combine(run, "model.safetensors"));
        SafeTensors.Write(
            stream,
            [.. file.Tensors.Select((tensor, i) => i > 0
                ? tensor
                : tensor with { Values = (float[])[.. tensor.Values.ToArray().Select(value => value / 2)] })],
            file.Metadata.ToDictionary());
        return run;
    }

    public void Dispose() => _folder.Dispose();
}
