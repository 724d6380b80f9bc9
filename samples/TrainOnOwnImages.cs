using Tessera.Data;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Samples;

/// <summary>Trains on a folder of images. A run that is stopped and resumed ends at the same bits.</summary>
public static class TrainOnOwnImages
{
    /// <param name="folder">Image files, in subfolders or not; a tenth of them is held out for test.</param>
    /// <param name="run">The run folder. An existing run is resumed with its own options.</param>
    /// <param name="updates">How many updates to train for.</param>
    /// <param name="stop">Stops the training after the current update.</param>
    /// <returns>The evaluation on the held-out images; null if training was stopped.</returns>
    public static Evaluation? Run(string folder, string run, long updates, CancellationToken stop)
    {
        const int Size = 32;
        TrainingOptions options = Preset.Default.OptionsFor(folder) with
        {
            Size = Size,
            Budget = TrainingBudget.OfUpdates(updates),
        };
        var progress = new Progress<RunProgress>(p =>
        {
            if (p.IsMetricsRow) Console.WriteLine($"{p.Update}: recon_error {p.Window.Mean("recon_error"):0.000}");
        });
        try
        {
            ImageSet train = ImageFolder.Load(folder, Split.Train, Size, cancellation: stop);
            ImageSet test = ImageFolder.Load(folder, Split.Test, Size, cancellation: stop);
            TokenizerRun target = RunFolder.IsRun(run) ? TokenizerRun.Open(run) : TokenizerRun.Create(run, options);
            using var learner = new TokenizerLearner(target, train, test);
            using var trainer = new Trainer(learner);
            trainer.Run(progress, stop);
            Evaluation result = learner.Evaluation!;
            Console.WriteLine($"psnr {result.Psnr:0.0} dB, {result.CodesUsed} of {result.Codes} codes used");
            return result;
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine("stopped; the run's newest checkpoint has the trained weights");
            return null;
        }
    }
}
