using Tessera.Data;
using Tessera.Imaging;
using Tessera.Runs;

namespace Tessera.ImageRuns;

/// <summary>The options of a run that trains on images: which they are, and those of every run.</summary>
public abstract record ImageRunOptions : RunOptions
{
    /// <summary>
    /// <c>shapes</c>, <c>cifar10</c>, the path of a folder of images or of an <see cref="Data.Stores.ImageStore"/>.
    /// </summary>
    public string Data { get; init; } = SyntheticShapes.Name;

    /// <summary>The folder to search first for CIFAR-10; null for the default places only.</summary>
    public string? DataDir { get; init; }

    /// <summary>
    /// The height and width in pixels to which images are resized and cropped. CIFAR-10 images are always 32x32,
    /// those of a store have its size.
    /// </summary>
    public ImageSize Size { get; init; } = 32;

    /// <summary>
    /// The most bytes of decoded images of a folder that are held in memory; larger folders become a store in the
    /// user's cache folder. Null for 2 GiB. No bit of a run depends on it.
    /// </summary>
    public long? Cache { get; init; }

    /// <summary>Whether each drawn image is mirrored left to right with probability 1/2.</summary>
    public bool Flips { get; init; }

    /// <inheritdoc/>
    protected internal sealed override string Resumable =>
        "budget, device, precision, threads, data folder, cache, and how often it is saved and evaluated";

    /// <inheritdoc/>
    protected internal sealed override RunOptions WithResumable(RunOptions other) =>
        (ImageRunOptions)base.WithResumable(other) with
        {
            DataDir = ((ImageRunOptions)other).DataDir,
            Cache = ((ImageRunOptions)other).Cache,
        };
}
