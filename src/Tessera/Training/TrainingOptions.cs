using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Runs;
using static Tessera.InputException;

namespace Tessera.Training;

/// <summary>
/// The options of a run that trains a tokenizer: its model, its data, and those of every run.
/// </summary>
public sealed record TrainingOptions : RunOptions
{
    /// <summary>The sizes and the quantizer of the model.</summary>
    public VqVaeOptions Model { get; init; } = new();

    /// <summary><c>shapes</c>, <c>cifar10</c> or the path of a folder of images.</summary>
    public string Data { get; init; } = SyntheticShapes.Name;

    /// <summary>The folder to search first for CIFAR-10; null for the default places only.</summary>
    public string? DataDir { get; init; }

    /// <summary>
    /// The height and width in pixels to which images are resized and cropped: each 4 to 4096, a multiple of
    /// <see cref="VqVaeOptions.PixelsPerCode"/>. CIFAR-10 images are always 32x32.
    /// </summary>
    public ImageSize Size { get; init; } = 32;

    /// <summary>Whether each drawn image is mirrored left to right with probability 1/2.</summary>
    public bool Flips { get; init; }

    /// <summary>How reconstructions are compared with their images.</summary>
    // The config.json of an older version has no loss: the generated reader then sets null.
    public LossOptions Loss { get; init => field = value ?? new LossOptions(); } = new();

    /// <summary>A model file or run folder with the initial weights; null for random weights.</summary>
    public string? Init { get; init; }

    /// <summary>The key of the state dict in the PyTorch file <see cref="Init"/>; null if only one fits.</summary>
    public string? InitKey { get; init; }

    /// <inheritdoc/>
    protected internal override string Resumable =>
        "budget, device, precision, threads, data folder, and how often it is saved and evaluated";

    /// <inheritdoc/>
    protected internal override RunOptions WithResumable(RunOptions other) =>
        (TrainingOptions)base.WithResumable(other) with { DataDir = ((TrainingOptions)other).DataDir };

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of range; the message names it.</exception>
    public override void Validate()
    {
        // Model is null only if a config.json says so.
        ThrowUnless(Model is not null, nameof(Model), $"is missing");
        Model.Validate();
        ThrowUnless(Data is { Length: > 0 }, nameof(Data), $"must be shapes, cifar10 or a folder");
        ThrowUnless(
            IsSide(Size.Height) && IsSide(Size.Width),
            nameof(Size),
            $"must be a multiple of {Model.PixelsPerCode} from 4 to 4096, or HxW such as 32x48, not {Size}");
        ThrowUnless(
            InitKey is null || Init is not null,
            nameof(InitKey), $"names a state dict in the file of {nameof(Init)}; give that too, or leave the key out");
        Loss.Validate();
        base.Validate();
    }

    private bool IsSide(int pixels) => pixels is >= 4 and <= 4096 && pixels % Model.PixelsPerCode == 0;
}
