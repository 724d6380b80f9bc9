using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tessera.Data;
using Tessera.Runs;

namespace Tessera.ImageRuns;

/// <summary>
/// The folder of a run that trains on images. Beside the files of every run it holds <c>skipped.txt</c>, if damaged
/// images were skipped.
/// </summary>
/// <typeparam name="TOptions">The options of the run.</typeparam>
public abstract class ImageRun<TOptions> : RunFolder where TOptions : ImageRunOptions
{
    private readonly JsonTypeInfo<RunConfig<TOptions>> _json;

    /// <summary>Names the folder of a run, which exists.</summary>
    private protected ImageRun(string path, TOptions options, JsonTypeInfo<RunConfig<TOptions>> json)
        : base(path, options) => (Options, _json) = (options, json);

    /// <summary>The options of the run, as in <c>config.json</c>.</summary>
    public new TOptions Options { get; }

    /// <summary>The path of <c>skipped.txt</c>: the names of the damaged images that the run skips.</summary>
    public string SkippedPath => System.IO.Path.Combine(Path, "skipped.txt");

    internal override string OptionsText => JsonSerializer.Serialize(new RunConfig<TOptions>(Version, Options), _json);

    /// <summary>Reads the names of the skipped images; a resumed run skips the same ones.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public IReadOnlyList<string> ReadSkipped() => SkippedFile.Read(SkippedPath);

    /// <summary>Creates the folder of a new run: with all of its first files, or not at all.</summary>
    /// <param name="path">The folder; missing parent folders are created.</param>
    /// <param name="skipped">The names of the images that the run skips; null for none.</param>
    /// <param name="make">Makes the run of a full path; it may write further files there.</param>
    private protected static TRun Create<TRun>(string path, IReadOnlyList<string>? skipped, Func<string, TRun> make)
        where TRun : ImageRun<TOptions>
    {
        TRun? run = null;
        Create(path, full =>
        {
            run = make(full);
            if (skipped is { Count: > 0 }) SkippedFile.Write(run.SkippedPath, skipped);
            run.WriteConfig();
        });
        return run!;
    }

    /// <summary>
    /// Writes the options that a resumed run changes to <c>config.json</c>; see <see cref="RunFolder.CheckResumable"/>.
    /// </summary>
    /// <param name="changed">The same run with other options.</param>
    /// <returns>The changed run.</returns>
    private protected TRun Resumed<TRun>(TRun changed) where TRun : ImageRun<TOptions>
    {
        CheckResumable(changed.Options);
        if (!changed.Options.Equals(Options)) changed.WriteConfig();
        return changed;
    }

    private void WriteConfig() => WriteOptions(Path, Options, _json);
}
