using Tessera.Models;
using Tessera.Tensors.Devices;

namespace Tessera.Training;

/// <summary>A model that was found by what the user named: a run folder, a checkpoint in it, or a model file.</summary>
/// <param name="Model">The model.</param>
/// <param name="Path">The file its weights were read from.</param>
/// <param name="DataVariance">The variance of the pictures it was trained on; null where it is not known.</param>
/// <param name="Run">Its run; null for a model file outside of one.</param>
/// <param name="Update">Updates it was trained for; null where it is not known.</param>
public sealed record TrainedModel(
    VqVae Model, string Path, double? DataVariance, RunFolder? Run, long? Update)
{
    /// <summary>The options of its run; null for a model file outside of one.</summary>
    public TrainingOptions? Options => Run?.Options;

    /// <summary>Opens a run folder (its newest weights), a checkpoint folder or a model file.</summary>
    /// <exception cref="InputException">There is nothing of the kind, or it is damaged.</exception>
    public static TrainedModel Open(string path, Device? device = null)
    {
        if (RunFolder.IsRun(path)) return OpenRun(RunFolder.Open(path), device);
        if (Checkpoint.IsCheckpoint(path))
        {
            string run = System.IO.Path.GetFullPath(System.IO.Path.Combine(path, "..", ".."));
            TrainingState state = Checkpoint.ReadState(path);
            return Load(
                System.IO.Path.Combine(path, Checkpoint.ModelName), device,
                RunFolder.IsRun(run) ? RunFolder.Open(run) : null, state.Update);
        }
        if (File.Exists(path)) return Load(path, device, run: null, update: null);
        throw new InputException(Directory.Exists(path)
            ? $"{path} is neither a run folder (it has no config.json) nor a checkpoint (it has no state.json); check the path"
            : $"there is no run, checkpoint or model file {path}; check the path");
    }

    /// <summary>The options of the model that a run folder, a checkpoint folder or a model file holds.</summary>
    /// <exception cref="InputException">There is nothing of the kind, or it is damaged.</exception>
    public static VqVaeOptions ReadOptions(string path) => ModelFile.ReadOptions(FindWeights(path));

    /// <summary>The model file that a run folder, a checkpoint folder or a model file stands for.</summary>
    internal static string FindWeights(string path) =>
        Directory.Exists(path) ? System.IO.Path.Combine(path, Checkpoint.ModelName) : path;

    private static TrainedModel OpenRun(RunFolder run, Device? device)
    {
        if (!File.Exists(run.ModelPath))
            throw new InputException($"{run.Path} has no model yet: its run has not reached its first checkpoint; continue it with tessera train --resume --out {run.Path}");
        return Load(run.ModelPath, device, run, run.LatestCheckpoint()?.Update);
    }

    private static TrainedModel Load(string path, Device? device, RunFolder? run, long? update)
    {
        (VqVae model, double? variance) = ModelFile.Read(path, device);
        return new TrainedModel(model, path, variance, run, update);
    }
}
