using Tessera.Models;
using Tessera.Tensors.Devices;

namespace Tessera.Training;

/// <summary>A model that was found by what the user named: a run folder, a checkpoint in it, or a model file.</summary>
/// <param name="Model">The model.</param>
/// <param name="Origin">The file that its weights were read from, and where in it.</param>
/// <param name="DataVariance">The variance of the pictures it was trained on; null where it is not known.</param>
/// <param name="Run">Its run; null for a model file outside of one.</param>
/// <param name="Update">Updates it was trained for; null where it is not known.</param>
public sealed record TrainedModel(
    VqVae Model, ModelOrigin Origin, double? DataVariance, RunFolder? Run, long? Update)
{
    /// <summary>The file that its weights were read from.</summary>
    public string Path => Origin.Path;

    /// <summary>The options of its run; null for a model file outside of one.</summary>
    public TrainingOptions? Options => Run?.Options;

    /// <summary>Opens a run folder (its newest weights), a checkpoint folder or a model file.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="device">Where the model is to live; the processor when null.</param>
    /// <param name="key">Which dict of a PyTorch file holds the model; null where only one does.</param>
    /// <exception cref="InputException">There is nothing of the kind, or it is damaged.</exception>
    public static TrainedModel Open(string path, Device? device = null, string? key = null)
    {
        if (RunFolder.IsRun(path)) return OpenRun(RunFolder.Open(path), device, key);
        if (Checkpoint.IsCheckpoint(path))
        {
            string run = System.IO.Path.GetFullPath(System.IO.Path.Combine(path, "..", ".."));
            TrainingState state = Checkpoint.ReadState(path);
            return Load(
                System.IO.Path.Combine(path, Checkpoint.ModelName), device, key,
                RunFolder.IsRun(run) ? RunFolder.Open(run) : null, state.Update);
        }
        if (File.Exists(path)) return Load(path, device, key, run: null, update: null);
        throw new InputException(Directory.Exists(path)
            ? $"{path} is neither a run folder (it has no config.json) nor a checkpoint (it has no state.json); check the path"
            : $"there is no run, checkpoint or model file {path}; check the path");
    }

    /// <summary>Reads the newest weights of a run folder, or those of a checkpoint folder or a model file.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="key">Which dict of a PyTorch file holds the model; null where only one does.</param>
    /// <exception cref="InputException">There is nothing of the kind, or it is damaged.</exception>
    public static StoredModel ReadWeights(string path, string? key = null) => ModelFile.Read(FindWeights(path), key: key);

    /// <summary>The model file that a run folder, a checkpoint folder or a model file stands for.</summary>
    internal static string FindWeights(string path) =>
        Directory.Exists(path) ? System.IO.Path.Combine(path, Checkpoint.ModelName) : path;

    private static TrainedModel OpenRun(RunFolder run, Device? device, string? key)
    {
        if (!File.Exists(run.ModelPath))
            throw new InputException($"{run.Path} has no model yet: its run has not reached its first checkpoint; continue it with tessera train --resume --out {run.Path}");
        return Load(run.ModelPath, device, key, run, run.LatestCheckpoint()?.Update);
    }

    private static TrainedModel Load(string path, Device? device, string? key, RunFolder? run, long? update)
    {
        StoredModel stored = ModelFile.Read(path, device, key);
        return new TrainedModel(stored.Model, stored.Origin, stored.DataVariance, run, update);
    }
}
