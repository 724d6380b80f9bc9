using Tessera.Analysis;
using Tessera.Data;
using Tessera.Imaging;
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
        using var trainer = new Trainer(RunFolder.Create("runs/example", options), train, test);

        var progress = new Progress<TrainingProgress>(p =>
        {
            if (p.IsMetricsRow) Console.WriteLine($"{p.Update}: recon_error {p.Window.ReconError:0.000}");
        });
        Evaluation result = trainer.Run(progress, stop);    // on cancellation: writes a checkpoint, then throws
        Console.WriteLine($"{result.ReconError:0.000} on held-out images, {result.CodesUsed} codes used");

        TrainedModel trained = TrainedModel.Open("runs/example");
        ImageFile.WritePng("reconstruction.png", Evaluator.Reconstruct(trained.Model, test.Image(0)));
        // README ends
    }
}
