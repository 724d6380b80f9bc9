using Tessera.Features;
using Tessera.Files;
using Tessera.ImageRuns;

namespace Tessera.Training;

/// <summary>
/// The folder of a run that trains a tokenizer. Beside the files of every run on images it holds
/// <c>features.safetensors</c>, if its loss has a perceptual term.
/// </summary>
public sealed class TokenizerRun : ImageRun<TrainingOptions>
{
    private TokenizerRun(string path, TrainingOptions options)
        : base(path, options, TrainingJson.Default.RunConfigTrainingOptions)
    {
    }

    /// <summary>
    /// The path of <c>features.safetensors</c>: a copy of the feature network, so that a resumed run compares by the
    /// same one.
    /// </summary>
    public string FeaturesPath => System.IO.Path.Combine(Path, "features.safetensors");

    /// <summary>Creates the folder of a new run. An existing run is never overwritten.</summary>
    /// <param name="path">The folder; missing parent folders are created.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="skipped">The names of the images that the run skips; null for none.</param>
    /// <param name="features">
    /// The feature network of the perceptual term; null to read it from the file that the options name.
    /// </param>
    /// <exception cref="InputException">
    /// The path is taken, an option is out of range, the feature network cannot be read, or the folder cannot be
    /// written.
    /// </exception>
    public static TokenizerRun Create(
        string path, TrainingOptions options, IReadOnlyList<string>? skipped = null, FeatureNetwork? features = null)
    {
        options.Validate();
        bool isPerceptual = options.Loss.Perceptual > 0;
        using FeatureNetwork? own = isPerceptual && features is null ? FeatureFile.Read(options.Loss.Features!) : null;
        return Create(path, skipped, full =>
        {
            var run = new TokenizerRun(full, options);
            if (isPerceptual) FeatureFile.Write(run.FeaturesPath, features ?? own!);
            return run;
        });
    }

    /// <summary>The run that another process prepares: nothing is read or written.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="options">The options of the run.</param>
    public static TokenizerRun Join(string path, TrainingOptions options) => new(FileErrors.FolderPath(path), options);

    /// <summary>Opens the folder of an existing run.</summary>
    /// <exception cref="InputException">
    /// The folder does not exist, or its <c>config.json</c> is missing or damaged.
    /// </exception>
    public static TokenizerRun Open(string path)
    {
        string full = Find(path);
        return new TokenizerRun(full, ReadOptions(full, TrainingJson.Default.RunConfigTrainingOptions));
    }

    /// <summary>
    /// The run with other options, written to <c>config.json</c> too. Only options that its result so far does not
    /// depend on can change: the device, the threads, the data folder, how often it is saved and evaluated, and the
    /// budget, unless the learning rate depends on it.
    /// </summary>
    /// <exception cref="InputException">
    /// Another option differs, an option is out of range, or the file cannot be written.
    /// </exception>
    public TokenizerRun WithOptions(TrainingOptions options) => Resumed(new TokenizerRun(Path, options));

    /// <summary>The run with another batch, written nowhere.</summary>
    internal TokenizerRun WithBatch(int batch) => new(Path, Options with { Batch = batch });
}
