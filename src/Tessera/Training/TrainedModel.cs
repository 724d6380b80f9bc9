using Tessera.Files;
using Tessera.Models;
using Tessera.Runs;
using Tessera.Tensors.Devices;

namespace Tessera.Training;

/// <summary>
/// A model loaded from a run folder, a checkpoint folder or a model file, with the run that trained it, if it is known.
/// <see cref="ModelFile.Read"/> reads a model alone.
/// </summary>
/// <param name="Model">The model.</param>
/// <param name="Origin">The file that the weights were read from, and the place in it.</param>
/// <param name="DataVariance">The variance of the training images; null if unknown.</param>
/// <param name="Run">The run that the model belongs to; null if there is none or a model file was named.</param>
/// <param name="Update">Updates that the model was trained for; null if unknown.</param>
public sealed record TrainedModel(
    VqVae Model, ModelOrigin Origin, double? DataVariance, TokenizerRun? Run, long? Update) : IDisposable
{
    /// <summary>The path of the file that the weights were read from.</summary>
    public string Path => Origin.Path;

    /// <summary>The options of <see cref="Run"/>; null without one.</summary>
    public TrainingOptions? Options => Run?.Options;

    /// <summary>Loads a model from a run folder (its newest weights), a checkpoint folder or a model file.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="device">The model's device; the CPU if null.</param>
    /// <param name="key">The key of the state dict in a PyTorch file; null if only one fits.</param>
    /// <exception cref="InputException">The path is none of these, or a file is damaged.</exception>
    public static TrainedModel Open(string path, Device? device = null, string? key = null)
    {
        if (RunFolder.IsRun(path)) return OpenRun(TokenizerRun.Open(path), device, key);
        if (Checkpoint.IsCheckpoint(path))
        {
            string run = System.IO.Path.GetFullPath(System.IO.Path.Combine(path, "..", ".."));
            RunState state = Checkpoint.ReadState(path);
            return Load(
                System.IO.Path.Combine(path, StateDict.ModelName), device, key,
                RunFolder.IsRun(run) ? TokenizerRun.Open(run) : null, state.Update);
        }
        if (File.Exists(path)) return Load(path, device, key, run: null, update: null);
        throw new InputException(Directory.Exists(path)
            ? $"{path} is neither a run folder (no config.json) nor a checkpoint (no state.json); check the path"
            : $"there is no run, checkpoint or model file {path}; check the path");
    }

    /// <summary>Frees the model.</summary>
    public void Dispose() => Model.Dispose();

    private static TrainedModel OpenRun(TokenizerRun run, Device? device, string? key)
    {
        if (!File.Exists(run.ModelPath))
            throw new InputException(
                $"{run.Path} has no model yet: the run has not reached its first checkpoint; resume it")
            { Option = RunFolder.ResumeOption, Value = run.Path };
        return Load(run.ModelPath, device, key, run, run.LatestCheckpoint()?.Update);
    }

    private static TrainedModel Load(string path, Device? device, string? key, TokenizerRun? run, long? update)
    {
        StoredModel stored = ModelFile.Read(path, device, key);
        return new TrainedModel(stored.Model, stored.Origin, stored.DataVariance, run, update);
    }
}
