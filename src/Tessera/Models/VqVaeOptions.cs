using Tessera.Quantization;
using static Tessera.InputException;

namespace Tessera.Models;

/// <summary>The sizes of a <see cref="VqVae"/> and how it quantizes. The defaults are the seed's.</summary>
public sealed record VqVaeOptions
{
    private const int MaxCodebookLength = 1 << 30;

    /// <summary>Channels of the pictures: 1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Channels of the hidden layers; even, 2 to 8192 (the first layer has half of them).</summary>
    public int Hidden { get; init; } = 128;

    /// <summary>Channels inside the residual blocks, 1 to 8192.</summary>
    public int ResidualHidden { get; init; } = 32;

    /// <summary>Residual blocks in each stack, 0 to 100.</summary>
    public int ResidualLayers { get; init; } = 2;

    /// <summary>Codes in the codebook (the paper's K), 1 to 2^20, and with <see cref="CodeDim"/> at most 2^30 numbers.</summary>
    public int Codes { get; init; } = 512;

    /// <summary>Dimensions of a code (the paper's D), 1 to 8192.</summary>
    public int CodeDim { get; init; } = 64;

    /// <summary>The commitment cost (the paper's beta), at least 0.</summary>
    public float Commitment { get; init; } = 0.25f;

    /// <summary>
    /// How much of the running averages stays at each update, in [0, 1). 0 trains the codebook by gradients
    /// (<see cref="VectorQuantizer"/>), anything above by averages (<see cref="EmaVectorQuantizer"/>).
    /// </summary>
    public double Decay { get; init; }

    /// <summary>How the running averages start; without effect for a gradient codebook.</summary>
    public EmaStart EmaStart { get; init; }

    /// <summary>
    /// Checks every value. The upper limits are far beyond what can be trained, and keep every tensor of weights below
    /// 2^31 elements.
    /// </summary>
    /// <exception cref="InputException">A value is out of its range; the message names it.</exception>
    public void Validate()
    {
        ThrowUnless(Channels is 1 or 3, $"channels must be 1 or 3, not {Channels}");
        ThrowUnless(Hidden is >= 2 and <= 8192 && Hidden % 2 == 0, $"hidden must be an even number from 2 to 8192, not {Hidden}");
        ThrowUnless(ResidualHidden is >= 1 and <= 8192, $"residual-hidden must be 1 to 8192, not {ResidualHidden}");
        ThrowUnless(ResidualLayers is >= 0 and <= 100, $"residual-layers must be 0 to 100, not {ResidualLayers}");
        ThrowUnless(Codes is >= 1 and <= 1 << 20, $"codes must be 1 to {1 << 20}, not {Codes}");
        ThrowUnless(CodeDim is >= 1 and <= 8192, $"code-dim must be 1 to 8192, not {CodeDim}");
        ThrowUnless((long)Codes * CodeDim <= MaxCodebookLength,
            $"codes must be at most {MaxCodebookLength / CodeDim} with a code-dim of {CodeDim}, not {Codes}");
        ThrowUnless(Commitment >= 0 && float.IsFinite(Commitment), $"commitment must be a number of at least 0, not {Commitment}");
        ThrowUnless(Decay is >= 0 and < 1, $"decay must be at least 0 (gradient codebook) and below 1, not {Decay}");
    }

    /// <summary>
    /// The sizes of another model with how this one is trained; where the two codebooks are of different kinds, the other's.
    /// </summary>
    public VqVaeOptions WithSizesOf(VqVaeOptions other) => other with
    {
        Commitment = Commitment,
        EmaStart = EmaStart,
        Decay = Decay > 0 == other.Decay > 0 ? Decay : other.Decay,
    };

    /// <summary>The elements of the largest tensor on the way of a picture through the model.</summary>
    /// <param name="width">Width of the picture in pixels.</param>
    /// <param name="height">Height of the picture in pixels.</param>
    internal long LargestMap(int width, int height)
    {
        long pixels = (long)width * height;
        // Half and a quarter of the size in each direction.
        long first = pixels / 4 * (Hidden / 2);
        long inner = pixels / 16 * Math.Max(Hidden, Math.Max(ResidualHidden, CodeDim));
        return Math.Max(pixels * Channels, Math.Max(first, inner));
    }
}
