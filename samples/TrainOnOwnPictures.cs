using Tessera.Analysis;
using Tessera.Data;
using Tessera.Training;

namespace Tessera.Samples;

/// <summary>Trains on a folder of pictures; stopped and called again, it goes on to the same bits.</summary>
public static class TrainOnOwnPictures
{
    /// <param name="folder">PNG or JPEG files, in folders or not; a tenth of them is held out for test.</param>
    /// <param name="run">The run folder to write, or to go on with.</param>
    /// <param name="updates">How long to train.</param>
    /// <param name="stop">Stops the training after the update it is at.</param>
    /// <returns>How good it is on held-out pictures; null if it was stopped.</returns>
    public static Evaluation? Run(string folder, string run, long updates, CancellationToken stop)
    {
        const int Size = 32;
        ImageSet train = ImageFolder.Load(folder, Split.Train, Size, Size);
        ImageSet test = ImageFolder.Load(folder, Split.Test, Size, Size);
        TrainingOptions options = Preset.Default.Options with
        {
            Data = folder, Size = Size, Budget = TrainingBudget.OfUpdates(updates), Seed = 1,
        };
        RunFolder target = RunFolder.IsRun(run) ? RunFolder.Open(run) : RunFolder.Create(run, options);
        using var trainer = new Trainer(target, train, test);
        var progress = new Progress<TrainingProgress>(p =>
        {
            if (p.IsMetricsRow) Console.WriteLine($"{p.Update}: recon_error {p.Window.ReconError:0.000}");
        });
        try
        {
            Evaluation result = trainer.Run(progress, stop);
            Console.WriteLine($"psnr {result.Psnr:0.0} dB, {result.CodesUsed} of {result.Codes} codes used");
            return result;
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine($"stopped after {trainer.Update} updates; a checkpoint is written");
            return null;
        }
    }
}
