using System.Text.Json;
using Tessera.Files;
using Tessera.Tensors.IO;

namespace Tessera.Runs;

/// <summary>
/// The complete state of a run after one update: a folder with <c>model.safetensors</c>, <c>optimizer.safetensors</c>
/// and <c>state.json</c>.
/// </summary>
/// <param name="Path">The folder.</param>
/// <param name="Update">The number of updates made.</param>
public sealed record Checkpoint(string Path, long Update)
{
    private const string OptimizerName = "optimizer.safetensors", StateName = "state.json";

    /// <summary>The path of the weights.</summary>
    public string ModelPath => System.IO.Path.Combine(Path, StateDict.ModelName);

    /// <summary>The path of the run's other state.</summary>
    internal string StatePath => System.IO.Path.Combine(Path, StateName);

    private string OptimizerPath => System.IO.Path.Combine(Path, OptimizerName);

    /// <summary>Whether a folder is a checkpoint: whether it has a <c>state.json</c>.</summary>
    public static bool IsCheckpoint(string path) => File.Exists(System.IO.Path.Combine(path, StateName));

    /// <summary>Writes the checkpoint atomically: all files or none.</summary>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    internal void Write(Learner learner, ModelOptimizer optimizer, RunState state) =>
        AtomicFolder.Write(Path, folder =>
        {
            using (FileStream stream = File.Create(System.IO.Path.Combine(folder, StateDict.ModelName)))
            {
                learner.WriteModel(stream);
            }
            SafeTensors.Write(
                System.IO.Path.Combine(folder, OptimizerName), StateDict.Entries(optimizer.State()));
            using (FileStream stream = File.Create(System.IO.Path.Combine(folder, StateName)))
            {
                JsonSerializer.Serialize(stream, state, RunJson.Default.RunState);
            }
        });

    /// <summary>Reads the <c>state.json</c> of a checkpoint folder.</summary>
    /// <exception cref="InputException">The file is missing or damaged.</exception>
    internal static RunState ReadState(string path) =>
        RunJson.Read(System.IO.Path.Combine(path, StateName), RunJson.Default.RunState);

    /// <summary>Restores a model and its optimizer.</summary>
    /// <returns>The run's other state.</returns>
    /// <exception cref="InputException">A file is missing or damaged, or belongs to another model.</exception>
    internal RunState Read(Learner learner, ModelOptimizer optimizer)
    {
        RunState state = ReadState(Path);
        if (state.Update != Update || state.OptimizerSteps < 0)
            throw new InputException($"{StatePath} is damaged: it is not the state of update {Update}; restore a copy");
        // The last update and its evaluation may exceed the budget, so twice the longest budget is allowed.
        if (state.Seconds is not (null or (>= 0 and <= 2 * 60 * TrainingBudget.MostMinutes)))
            throw new InputException($"{StatePath} is damaged: no run takes {state.Seconds} seconds; restore a copy");
        StateDict.Read(ModelPath).CopyAllTo([.. learner.Model.State()]);
        StateDict.Read(OptimizerPath).CopyAllTo([.. optimizer.State()]);
        optimizer.Steps = state.OptimizerSteps;
        return state;
    }
}
