using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Samples;

/// <summary>Trains on more images than memory holds: they are packed once, and read from the file as needed.</summary>
public static class TrainFromStore
{
    /// <param name="images">A folder of images, or tar archives or Parquet files of them.</param>
    /// <param name="store">The file to pack them into, such as photos.tpk; what it holds already is kept.</param>
    /// <param name="run">The run folder, which does not exist.</param>
    /// <param name="updates">How many updates to train for.</param>
    /// <returns>The evaluation on the held-out images.</returns>
    public static Evaluation Run(string images, string store, string run, long updates)
    {
        var pack = new PackOptions { Size = 64, SkipDamaged = true };
        PackResult result = ImagePacker.Pack(images, store, pack);
        Console.WriteLine($"{result.Added} packed, {result.Present} there before, {result.LeftOut.Count} left out");
        using ImageStore packed = ImageStore.Open(store);
        TrainingOptions options = Preset.Default.OptionsFor(store) with
        {
            Size = packed.Size,
            Budget = TrainingBudget.OfUpdates(updates),
        };
        using var learner = new TokenizerLearner(
            TokenizerRun.Create(run, options), packed.Images(Split.Train).Load(), packed.Images(Split.Test).Load());
        using var trainer = new Trainer(learner);
        trainer.Run();
        return learner.Evaluation!;
    }
}
