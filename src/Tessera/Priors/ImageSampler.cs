using System.Runtime.CompilerServices;
using Tessera.Files;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Runs;
using Tessera.Tensors.Devices;
using Tessera.Tokens;

namespace Tessera.Priors;

/// <summary>A tokenizer and the prior over its codes: makes images.</summary>
/// <remarks>Serves one thread at a time.</remarks>
/// <example><code>
/// using var sampler = ImageSampler.Open("runs/cifar");
/// Image[] ships = sampler.Sample(8, "ship", new SamplingOptions { Guidance = 1, Seed = 7 });
/// ImageFile.WritePng("ships.png", ImageGrid.Make(ships, columns: 4, padding: 2));
/// </code></example>
public sealed class ImageSampler : IDisposable
{
    /// <summary>What the messages about a missing prior, or one of another tokenizer, name as their option.</summary>
    internal const string PriorOption = "Prior";

    private readonly CodeSampler _sampler;
    private IDisposable[] _owned = [];

    /// <summary>Creates the sampler of models that the caller keeps and disposes.</summary>
    /// <param name="model">The tokenizer.</param>
    /// <param name="prior">The prior over its codes.</param>
    /// <exception cref="InputException">The tokenizer has another number of codes.</exception>
    public ImageSampler(VqVae model, CodePrior prior)
    {
        CheckCodes(model, prior.Options);
        (Tokenizer, Prior, _sampler) = (new Tokenizer(model), prior, new CodeSampler(prior));
    }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The prior.</summary>
    public CodePrior Prior { get; }

    /// <summary>Opens a tokenizer and its prior.</summary>
    /// <param name="path">The tokenizer: a run folder, a checkpoint folder or a model file.</param>
    /// <param name="prior">
    /// The prior: a run folder, a checkpoint folder or a model file; null for <c>prior</c> in the tokenizer's folder.
    /// </param>
    /// <param name="device">The device, which the caller keeps; null for the default device.</param>
    /// <exception cref="InputException">
    /// A file is missing or damaged, or the prior was trained beside another tokenizer.
    /// </exception>
    public static ImageSampler Open(string path, string? prior = null, Device? device = null)
    {
        StoredModel stored = ModelFile.Read(path, device);
        CodePrior? model = null;
        try
        {
            model = OpenPrior(path, stored.Origin.Path, prior, device);
            return new ImageSampler(stored.Model, model) { _owned = [stored.Model, model] };
        }
        catch
        {
            model?.Dispose();
            stored.Model.Dispose();
            throw;
        }
    }

    /// <summary>Opens the prior of a tokenizer.</summary>
    /// <param name="path">The tokenizer: a run folder, a checkpoint folder or a model file.</param>
    /// <param name="file">The tokenizer's model file.</param>
    /// <param name="prior">As in <see cref="Open"/>.</param>
    /// <param name="device">The device, which the caller keeps; null for the default device.</param>
    /// <exception cref="InputException">
    /// The file is missing or damaged, or the prior was trained beside another tokenizer.
    /// </exception>
    internal static CodePrior OpenPrior(string path, string file, string? prior = null, Device? device = null)
    {
        string priorFile = FindPrior(path, prior);
        (CodePrior model, string hash) = PriorFile.Read(priorFile, device);
        if (hash == PriorFile.HashOf(file)) return model;
        model.Dispose();
        throw new InputException(
            $"the prior {priorFile} was trained beside another tokenizer than {file}; train one for it")
        { Option = PriorOption, Value = path };
    }

    /// <summary>Draws images.</summary>
    /// <param name="count">The number of images, at least 1.</param>
    /// <param name="className">The name of their class; null for any.</param>
    /// <param name="options">How codes are drawn; null for <see cref="SamplingOptions.Default"/>.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">There is no such class, or an option is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public Image[] Sample(
        int count, string? className = null, SamplingOptions? options = null, CancellationToken cancellation = default)
    {
        int? label = Prior.Options.FindClass(className);
        return Decode(SampleCodes([.. Enumerable.Repeat(label, count)], options, cancellation: cancellation));
    }

    /// <summary>Draws images one after the other, as they become ready, a few at a time.</summary>
    /// <param name="className">The name of their class; null for any.</param>
    /// <param name="options">How codes are drawn; null for <see cref="SamplingOptions.Default"/>.</param>
    /// <param name="atOnce">How many are drawn together, at least 1: more take less time each.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>Images without end: the same ones, in the same order, whatever is drawn together.</returns>
    /// <exception cref="InputException">There is no such class, or an option is out of range.</exception>
    public async IAsyncEnumerable<Image> Stream(
        string? className = null, SamplingOptions? options = null, int atOnce = 4,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(atOnce, 1);
        int?[] labels = [.. Enumerable.Repeat(Prior.Options.FindClass(className), atOnce)];
        for (long number = 0; ; number += atOnce)
        {
            long first = number;
            Image[] images = await Task.Run(
                () => Decode(SampleCodes(labels, options, firstNumber: first, cancellation: cancellation)),
                cancellation).ConfigureAwait(false);
            foreach (Image image in images) yield return image;
        }
    }

    /// <summary>Keeps a part of an image and draws the rest.</summary>
    /// <param name="image">An image of the prior's size.</param>
    /// <param name="keep">Whether each cell is kept, <c>[rows, columns]</c>.</param>
    /// <param name="labels">
    /// The class of each completion (<see cref="CodePriorOptions.FindClass"/>); null for any.
    /// </param>
    /// <param name="options">How codes are drawn; null for <see cref="SamplingOptions.Default"/>.</param>
    /// <param name="progress">Receives the part that is done, 0 to 1.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The completions.</returns>
    /// <remarks>
    /// Codes are drawn in raster order: each sees the kept codes above it and to its left in its row, not those below.
    /// </remarks>
    /// <exception cref="InputException">The image does not fit, or an option is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public Image[] Complete(
        Image image, IReadOnlyList<bool> keep, IReadOnlyList<int?> labels, SamplingOptions? options = null,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        CodePriorOptions sizes = Prior.Options;
        int cell = Tokenizer.PixelsPerCode;
        if ((image.Height, image.Width) != (sizes.Rows * cell, sizes.Columns * cell))
            throw new InputException(
                $"the prior makes images of {sizes.Rows * cell}x{sizes.Columns * cell}; this one is "
                + $"{image.Height}x{image.Width}");
        if (keep.Count != sizes.Cells)
            throw new InputException($"{keep.Count} cells to keep or draw are not the image's {sizes.Cells}");
        int[] codes = Tokenizer.Encode(image);
        for (int i = 0; i < codes.Length; i++)
        {
            if (!keep[i / sizes.CodesPerCell]) codes[i] = CodeSampler.Open;
        }
        int[] given = [.. Enumerable.Repeat(codes, labels.Count).SelectMany(same => same)];
        return Decode(SampleCodes(labels, options, given, progress: progress, cancellation: cancellation));
    }

    /// <summary>Draws the codes of images; see <see cref="CodeSampler.Sample"/>.</summary>
    /// <returns><c>[images, rows, columns]</c>; where a cell has several codes, they are innermost.</returns>
    public int[] SampleCodes(
        IReadOnlyList<int?> labels, SamplingOptions? options = null, ReadOnlySpan<int> given = default,
        long firstNumber = 0, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        _sampler.Sample(labels, options ?? SamplingOptions.Default, given, firstNumber, progress, cancellation);

    /// <summary>Decodes the codes of images of the prior's size.</summary>
    /// <param name="codes"><c>[images, rows, columns]</c>; where a cell has several codes, they are innermost.</param>
    public Image[] Decode(ReadOnlySpan<int> codes) =>
        Tokenizer.DecodeAll(codes, Prior.Options.Rows, Prior.Options.Columns);

    /// <summary>Frees the working memory, and the models if <see cref="Open"/> read them.</summary>
    public void Dispose()
    {
        _sampler.Dispose();
        Tokenizer.Dispose();
        foreach (IDisposable model in _owned) model.Dispose();
    }

    /// <summary>Whether a tokenizer's folder holds a prior that has reached a checkpoint.</summary>
    /// <param name="path">The tokenizer: a run folder, a checkpoint folder or a model file.</param>
    internal static bool HasPrior(string path) => File.Exists(Path.Combine(FolderOf(path), StateDict.ModelName));

    /// <summary>The folder of a tokenizer's prior, unless another is named: in its run, if it has one.</summary>
    /// <param name="path">The tokenizer: a run folder, a checkpoint folder or a model file.</param>
    internal static string FolderOf(string path)
    {
        // The folders of checkpoints are deleted as the tokenizer trains on.
        string folder = Checkpoint.IsCheckpoint(path)
            ? Path.GetFullPath(Path.Combine(path, "..", ".."))
            : Directory.Exists(path) ? path : Path.GetDirectoryName(path) ?? "";
        return Path.Combine(folder, PriorRun.FolderName);
    }

    /// <summary>Checks that a tokenizer has a prior's codes.</summary>
    /// <exception cref="InputException">It has another number of codes.</exception>
    internal static void CheckCodes(VqVae model, CodePriorOptions prior)
    {
        (int codes, int perCell) = (model.Options.Codes, model.Options.Cell.Codes);
        if (codes != prior.Codes)
            throw new InputException(
                $"the prior is over {prior.Codes} codes, but the tokenizer has {codes}; "
                + "name the prior that was trained beside it");
        if (perCell != prior.CodesPerCell)
            throw new InputException(
                $"the prior is over {prior.CodesPerCell} codes a cell, but the tokenizer has {perCell}; "
                + "name the prior that was trained beside it");
    }

    /// <summary>The model file of a prior.</summary>
    /// <exception cref="InputException">There is none.</exception>
    internal static string FindPrior(string path, string? prior)
    {
        string folder = prior ?? FolderOf(path);
        if (File.Exists(folder)) return folder;
        string file = Path.Combine(folder, StateDict.ModelName);
        return File.Exists(file)
            ? file
            : throw new InputException(
                Directory.Exists(folder)
                    ? $"{folder} has no prior yet: its run has not reached its first checkpoint"
                    : $"there is no prior {folder}; train one")
            { Option = PriorOption, Value = path };
    }
}
