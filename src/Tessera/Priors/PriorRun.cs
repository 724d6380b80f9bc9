using Tessera.Files;
using Tessera.ImageRuns;

namespace Tessera.Priors;

/// <summary>
/// The folder of a run that trains a prior. Beside the files of every run on images it holds <c>cells.csv</c>: the nats
/// of each cell on the test images.
/// </summary>
public sealed class PriorRun : ImageRun<PriorOptions>
{
    /// <summary>The name of the folder in its tokenizer's run folder, unless another is chosen.</summary>
    public const string FolderName = "prior";

    private PriorRun(string path, PriorOptions options) : base(path, options, PriorJson.Default.RunConfigPriorOptions)
    {
    }

    /// <summary>The path of <c>cells.csv</c>: the nats of each cell at the last evaluation.</summary>
    public string CellsPath => System.IO.Path.Combine(Path, "cells.csv");

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
        return Create(path, skipped, full => new PriorRun(full, options));
    }

    /// <summary>The run that another process prepares: nothing is read or written.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="options">The options of the run.</param>
    public static PriorRun Join(string path, PriorOptions options) => new(FileErrors.FolderPath(path), options);

    /// <summary>Opens the folder of an existing run.</summary>
    /// <exception cref="InputException">
    /// The folder does not exist, or its <c>config.json</c> is missing or damaged.
    /// </exception>
    public static PriorRun Open(string path)
    {
        string full = Find(path);
        return new PriorRun(full, ReadOptions(full, PriorJson.Default.RunConfigPriorOptions));
    }

    /// <summary>The run with other options, written to <c>config.json</c> too.</summary>
    /// <exception cref="InputException">
    /// An option differs that a resumed run cannot change, an option is out of range, or the file cannot be written.
    /// </exception>
    public PriorRun WithOptions(PriorOptions options) => Resumed(new PriorRun(Path, options));

    /// <summary>The run with another batch, written nowhere.</summary>
    internal PriorRun WithBatch(int batch) => new(Path, Options with { Batch = batch });
}
