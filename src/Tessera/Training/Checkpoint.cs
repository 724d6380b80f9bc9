using System.Text.Json;
using Tessera.Files;
using Tessera.Models;
using Tessera.Tensors.IO;

namespace Tessera.Training;

/// <summary>
/// A folder that holds a run at one update, whole: <c>model.safetensors</c>, <c>optimizer.safetensors</c>,
/// <c>state.json</c>.
/// </summary>
/// <param name="Path">The folder.</param>
/// <param name="Update">Updates made when it was written.</param>
public sealed record Checkpoint(string Path, long Update)
{
    internal const string ModelName = "model.safetensors";
    private const string OptimizerName = "optimizer.safetensors", StateName = "state.json";

    /// <summary>The weights.</summary>
    public string ModelPath => System.IO.Path.Combine(Path, ModelName);

    /// <summary>Whether a folder looks like a checkpoint.</summary>
    public static bool IsCheckpoint(string path) => File.Exists(System.IO.Path.Combine(path, StateName));

    /// <summary>Writes the checkpoint whole or not at all.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    internal void Write(VqVae model, double dataVariance, ModelOptimizer optimizer, TrainingState state) =>
        AtomicFolder.Write(Path, folder =>
        {
            using (FileStream stream = File.Create(System.IO.Path.Combine(folder, ModelName)))
            {
                ModelFile.Write(stream, model, dataVariance);
            }
            SafeTensors.Write(
                System.IO.Path.Combine(folder, OptimizerName), ModelFile.Entries(optimizer.State()));
            using (FileStream stream = File.Create(System.IO.Path.Combine(folder, StateName)))
            {
                JsonSerializer.Serialize(stream, state, RunJson.Default.TrainingState);
            }
        });

    /// <summary>What the run of a checkpoint folder knew beside its tensors.</summary>
    /// <exception cref="InputException">It is missing or damaged.</exception>
    internal static TrainingState ReadState(string path) =>
        RunJson.Read(System.IO.Path.Combine(path, StateName), RunJson.Default.TrainingState);

    /// <summary>Restores a model and its optimizer.</summary>
    /// <returns>What the run knew beside its tensors.</returns>
    /// <exception cref="InputException">A file is missing, damaged or of another model.</exception>
    internal TrainingState Read(VqVae model, ModelOptimizer optimizer)
    {
        TrainingState state = ReadState(Path);
        if (state.Update != Update || state.OptimizerSteps < 0)
            throw new InputException($"{System.IO.Path.Combine(Path, StateName)} is damaged: it is not of update {Update}");
        // A run may go beyond the longest time it can be given, by an update and an evaluation.
        if (state.Seconds is not (null or (>= 0 and <= 2 * 60 * TrainingBudget.MostMinutes)))
            throw new InputException($"{System.IO.Path.Combine(Path, StateName)} is damaged: no run has spent {state.Seconds} seconds");
        ModelFile.ReadInto(ModelPath, model.State());
        ModelFile.ReadInto(System.IO.Path.Combine(Path, OptimizerName), optimizer.State());
        optimizer.Steps = state.OptimizerSteps;
        return state;
    }
}
