using Tessera.Data;
using Tessera.Imaging;
using Tessera.Runs;
using Tessera.Tokens;
using Tessera.Training;

namespace Tessera.Tests;

/// <summary>
/// The example code of the README, between two markers; <see cref="ReadmeTests"/> checks that both are equal.
/// </summary>
internal static class ReadmeExample
{
    public static void Run(ImageSet train, ImageSet test, CancellationToken stop)
    {
        // README begins
        TrainingOptions options = Preset.Default.Options with { Budget = TrainingBudget.OfUpdates(200), Seed = 1 };
        using var learner = new TokenizerLearner(TokenizerRun.Create("runs/example", options), train, test);
        using var trainer = new Trainer(learner);

        var progress = new Progress<RunProgress>(p =>
        {
            if (p.IsMetricsRow) Console.WriteLine($"{p.Update}: recon_error {p.Window.Mean("recon_error"):0.000}");
        });
        trainer.Run(progress, stop);    // on cancellation: writes a checkpoint, then throws
        Evaluation result = learner.Evaluation!;
        Console.WriteLine($"{result.ReconError:0.000} on held-out images, {result.CodesUsed} codes used");

        using var tokenizer = Tokenizer.Open("runs/example");
        int[] codes = tokenizer.Encode(test.Image(0));
        Console.WriteLine($"an image is {codes.Length} codes: {string.Join(' ', codes)}");
        ImageFile.WritePng("reconstruction.png", tokenizer.Reconstruct(test.Image(0)));
        // README ends
    }
}
