using Tessera.Data;
using Tessera.Runs;

namespace Tessera.Features;

/// <summary>
/// The folder of a run that trains a classifier. Beside the files of every run it holds <c>skipped.txt</c>, if damaged
/// images were skipped.
/// </summary>
public sealed class ClassifierRun : RunFolder
{
    private ClassifierRun(string path, ClassifierOptions options) : base(path, options) => Options = options;

    /// <summary>The options of the run, as in <c>config.json</c>.</summary>
    public new ClassifierOptions Options { get; }

    /// <summary>The path of <c>skipped.txt</c>: the names of the damaged images that the run skips.</summary>
    public string SkippedPath => System.IO.Path.Combine(Path, "skipped.txt");

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
        ClassifierRun? run = null;
        Create(path, full =>
        {
            run = new ClassifierRun(full, options);
            if (skipped is { Count: > 0 }) SkippedFile.Write(run.SkippedPath, skipped);
            run.WriteConfig();
        });
        return run!;
    }

    /// <summary>Opens the folder of an existing run.</summary>
    /// <exception cref="InputException">
    /// The folder does not exist, or its <c>config.json</c> is missing or damaged.
    /// </exception>
    public static ClassifierRun Open(string path)
    {
        string full = Find(path);
        return new ClassifierRun(full, ReadOptions(full, FeatureJson.Default.RunConfigClassifierOptions));
    }

    /// <summary>Reads the names of the skipped images; a resumed run skips the same ones.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public IReadOnlyList<string> ReadSkipped() => SkippedFile.Read(SkippedPath);

    /// <summary>
    /// The run with other options, written to <c>config.json</c> too; see <see cref="RunFolder.CheckResumable"/>.
    /// </summary>
    /// <exception cref="InputException">
    /// Another option differs, an option is out of range, or the file cannot be written.
    /// </exception>
    public ClassifierRun WithOptions(ClassifierOptions options)
    {
        CheckResumable(options);
        var run = new ClassifierRun(Path, options);
        if (options != Options) run.WriteConfig();
        return run;
    }

    private void WriteConfig() => WriteOptions(Path, Options, FeatureJson.Default.RunConfigClassifierOptions);
}
