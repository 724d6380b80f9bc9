using static Tessera.InputException;

namespace Tessera.Features;

/// <summary>What a layer of a <see cref="FeatureNetwork"/> does.</summary>
public enum FeatureLayerKind
{
    /// <summary>A convolution with a bias.</summary>
    Convolution,

    /// <summary>The largest value of each window.</summary>
    MaxPool,

    /// <summary>The mean of each window, over its places inside the map.</summary>
    AveragePool,
}

/// <summary>One layer of a <see cref="FeatureNetwork"/>.</summary>
public sealed record FeatureLayer
{
    private const int MostChannels = 8192, LargestKernel = 64;

    /// <summary>What the layer does.</summary>
    public FeatureLayerKind Kind { get; init; }

    /// <summary>Channels of its input, 1 to 8192.</summary>
    public int Inputs { get; init; }

    /// <summary>Channels of its output, 1 to 8192; those of the input for a pooling.</summary>
    public int Outputs { get; init; }

    /// <summary>Height and width of the kernel or window, 1 to 64.</summary>
    public int Kernel { get; init; } = 3;

    /// <summary>Input pixels from one output pixel to the next, 1 to 64.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Pixels around the input, 0 to 64; zeros for a convolution, left out by a pooling.</summary>
    public int Padding { get; init; }

    /// <summary>Whether a ReLU follows; of a convolution only.</summary>
    public bool Relu { get; init; }

    /// <summary>Whether the layer's output is a stage whose features are compared.</summary>
    public bool IsStage { get; init; }

    /// <summary>Height or width of the output for one of the input; 0 or less if the input is too small.</summary>
    internal int SizeAfter(int size) => size + 2 * Padding < Kernel ? 0 : (size + 2 * Padding - Kernel) / Stride + 1;

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        ThrowUnless(
            Enum.IsDefined(Kind),
            nameof(Kind), $"must be one of {string.Join(", ", Enum.GetNames<FeatureLayerKind>())}, not {Kind}");
        ThrowUnless(Inputs is >= 1 and <= MostChannels, nameof(Inputs), $"must be 1 to {MostChannels}, not {Inputs}");
        ThrowUnless(
            Outputs is >= 1 and <= MostChannels, nameof(Outputs), $"must be 1 to {MostChannels}, not {Outputs}");
        ThrowUnless(Kernel is >= 1 and <= LargestKernel, nameof(Kernel), $"must be 1 to {LargestKernel}, not {Kernel}");
        ThrowUnless(Stride is >= 1 and <= LargestKernel, nameof(Stride), $"must be 1 to {LargestKernel}, not {Stride}");
        ThrowUnless(
            Padding is >= 0 && Padding <= (Kind == FeatureLayerKind.Convolution ? LargestKernel : Kernel / 2),
            nameof(Padding), $"does not fit a kernel of {Kernel}: {Padding}");
        ThrowUnless(
            Kind == FeatureLayerKind.Convolution || (Inputs == Outputs && !Relu),
            nameof(Kind), $"of a pooling keeps the channels and has no ReLU");
    }
}
