using Tessera.Priors;
using Tessera.Runs;
using Tessera.Tensors.Devices;

namespace Tessera.Reporting;

/// <summary>The prior of a report.</summary>
/// <param name="Prior">The prior, over the codes of the report's model and on its device.</param>
/// <param name="Run">The run that it belongs to; null if there is none or a model file was named.</param>
/// <param name="Update">Updates that it was trained for; null if unknown.</param>
public sealed record PriorSubject(CodePrior Prior, PriorRun? Run, long? Update) : IDisposable
{
    /// <summary>Opens the prior of a tokenizer.</summary>
    /// <param name="path">The tokenizer: a run folder, a checkpoint folder or a model file.</param>
    /// <param name="file">The tokenizer's model file.</param>
    /// <param name="prior">
    /// The prior: a run folder, a checkpoint folder or a model file; null for <c>prior</c> in the tokenizer's folder.
    /// </param>
    /// <param name="device">The device, which the caller keeps; null for the default device.</param>
    /// <exception cref="InputException">
    /// A file is missing or damaged, or the prior was trained beside another tokenizer.
    /// </exception>
    public static PriorSubject Open(string path, string file, string? prior = null, Device? device = null)
    {
        CodePrior model = ImageSampler.OpenPrior(path, file, prior, device);
        try
        {
            (PriorRun? run, long? update) = File.Exists(prior)
                ? (null, null)
                : FindRun(Path.GetDirectoryName(ImageSampler.FindPrior(path, prior))!);
            return new PriorSubject(model, run, update);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Frees the prior.</summary>
    public void Dispose() => Prior.Dispose();

    private static (PriorRun? Run, long? Update) FindRun(string folder)
    {
        if (RunFolder.IsRun(folder))
        {
            PriorRun run = PriorRun.Open(folder);
            return (run, run.LatestCheckpoint()?.Update);
        }
        if (!Checkpoint.IsCheckpoint(folder)) return (null, null);
        string above = Path.GetFullPath(Path.Combine(folder, "..", ".."));
        return (RunFolder.IsRun(above) ? PriorRun.Open(above) : null, Checkpoint.ReadState(folder).Update);
    }
}
