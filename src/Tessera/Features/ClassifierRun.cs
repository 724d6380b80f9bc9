using Tessera.Files;
using Tessera.ImageRuns;

namespace Tessera.Features;

/// <summary>The folder of a run that trains a classifier.</summary>
public sealed class ClassifierRun : ImageRun<ClassifierOptions>
{
    private ClassifierRun(string path, ClassifierOptions options)
        : base(path, options, FeatureJson.Default.RunConfigClassifierOptions)
    {
    }

    /// <summary>Creates the folder of a new run. An existing run is never overwritten.</summary>
    /// <param name="path">The folder; missing parent folders are created.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="skipped">The names of the images that the run skips; null for none.</param>
    /// <exception cref="InputException">
    /// The path is taken, an option is out of range, or the folder cannot be written.
    /// </exception>
    public static ClassifierRun Create(string path, ClassifierOptions options, IReadOnlyList<string>? skipped = null)
    {
        options.Validate();
        return Create(path, skipped, full => new ClassifierRun(full, options));
    }

    /// <summary>The run that another process prepares: nothing is read or written.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="options">The options of the run.</param>
    public static ClassifierRun Join(string path, ClassifierOptions options) =>
        new(FileErrors.FolderPath(path), options);

    /// <summary>Opens the folder of an existing run.</summary>
    /// <exception cref="InputException">
    /// The folder does not exist, or its <c>config.json</c> is missing or damaged.
    /// </exception>
    public static ClassifierRun Open(string path)
    {
        string full = Find(path);
        return new ClassifierRun(full, ReadOptions(full, FeatureJson.Default.RunConfigClassifierOptions));
    }

    /// <summary>The run with other options, written to <c>config.json</c> too.</summary>
    /// <exception cref="InputException">
    /// An option differs that a resumed run cannot change, an option is out of range, or the file cannot be written.
    /// </exception>
    public ClassifierRun WithOptions(ClassifierOptions options) => Resumed(new ClassifierRun(Path, options));
}
