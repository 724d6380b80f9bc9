using Tessera.ImageRuns;
using Tessera.Models;
using static Tessera.InputException;

namespace Tessera.Training;

/// <summary>
/// The options of a run that trains a tokenizer: its model, its loss, and those of every run on images. Height and
/// width of the images are 4 to 4096, multiples of <see cref="VqVaeOptions.PixelsPerCode"/>.
/// </summary>
public sealed record TrainingOptions : ImageRunOptions
{
    /// <summary>The sizes and the quantizer of the model.</summary>
    public VqVaeOptions Model { get; init; } = new();

    /// <summary>How reconstructions are compared with their images.</summary>
    // The config.json of an older version has no loss: the generated reader then sets null.
    public LossOptions Loss { get; init => field = value ?? new LossOptions(); } = new();

    /// <summary>A model file or run folder with the initial weights; null for random weights.</summary>
    public string? Init { get; init; }

    /// <summary>The key of the state dict in the PyTorch file <see cref="Init"/>; null if only one fits.</summary>
    public string? InitKey { get; init; }

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
