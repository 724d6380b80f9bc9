using Tessera.Data;
using Tessera.Runs;

namespace Tessera.Priors;

/// <summary>
/// The folder of a run that trains a prior. Beside the files of every run it holds <c>cells.csv</c>: the nats of each
/// cell on the test images; and <c>skipped.txt</c>, if damaged images were skipped.
/// </summary>
public sealed class PriorRun : RunFolder
{
    /// <summary>The name of the folder in its tokenizer's run folder, unless another is chosen.</summary>
    public const string FolderName = "prior";

    private PriorRun(string path, PriorOptions options) : base(path, options) => Options = options;

    /// <summary>The options of the run, as in <c>config.json</c>.</summary>
    public new PriorOptions Options { get; }

    /// <summary>The path of <c>cells.csv</c>: the nats of each cell at the last evaluation.</summary>
    public string CellsPath => System.IO.Path.Combine(Path, "cells.csv");

    /// <summary>The path of <c>skipped.txt</c>: the names of the damaged images that the run skips.</summary>
    public string SkippedPath => System.IO.Path.Combine(Path, "skipped.txt");

    /// <summary>Creates the folder of a new run. An existing run is never overwritten.</summary>
    /// <param name="path">The folder; missing parent folders are created.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="skipped">The names of the images that the run skips; null for none.</param>
    /// <exception cref="InputException">
    /// The path is taken, an option is out of range, or the folder cannot be written.
    /// </exception>
    public static PriorRun Create(string path, PriorOptions options, IReadOnlyList<string>? skipped = null)
    {
        options.Validate();
        PriorRun? run = null;
        Create(path, full =>
        {
            run = new PriorRun(full, options);
            if (skipped is { Count: > 0 }) SkippedFile.Write(run.SkippedPath, skipped);
            run.WriteConfig();
        });
        return run!;
    }

    /// <summary>Opens the folder of an existing run.</summary>
    /// <exception cref="InputException">
    /// The folder does not exist, or its <c>config.json</c> is missing or damaged.
    /// </exception>
    public static PriorRun Open(string path)
    {
        string full = Find(path);
        return new PriorRun(full, ReadOptions(full, PriorJson.Default.RunConfigPriorOptions));
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
    public PriorRun WithOptions(PriorOptions options)
    {
        CheckResumable(options);
        var run = new PriorRun(Path, options);
        if (options != Options) run.WriteConfig();
        return run;
    }

    /// <summary>The run with another batch, written nowhere.</summary>
    internal PriorRun WithBatch(int batch) => new(Path, Options with { Batch = batch });

    private void WriteConfig() => WriteOptions(Path, Options, PriorJson.Default.RunConfigPriorOptions);
}
