using System.Text.Json.Serialization;
using static Tessera.InputException;

namespace Tessera.Features;

/// <summary>The sizes of a <see cref="Classifier"/>.</summary>
public sealed record ClassifierSizes
{
    private const int Stages = 3;

    /// <summary>Channels of the images: 1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Channels of the first stage, 1 to 2048; each further stage has twice as many.</summary>
    public int Width { get; init; } = 32;

    /// <summary>Convolutions in each of the three stages, 1 to 16.</summary>
    public int Convolutions { get; init; } = 2;

    /// <summary>The names of the classes, at least two.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>The layers of the network; the last convolution of each stage is a stage of the features.</summary>
    [JsonIgnore]
    public IReadOnlyList<FeatureLayer> Layers => [.. Enumerable.Range(0, Stages).SelectMany(Stage)];

    /// <summary>The same sizes and class names.</summary>
    public bool Equals(ClassifierSizes? other) =>
        other is not null && Classes.SequenceEqual(other.Classes)
        && (Channels, Width, Convolutions) == (other.Channels, other.Width, other.Convolutions);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Channels, Width, Convolutions, Classes.Count);

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        ThrowUnless(Channels is 1 or 3, nameof(Channels), $"must be 1 or 3, not {Channels}");
        ThrowUnless(Width is >= 1 and <= 2048, nameof(Width), $"must be 1 to 2048, not {Width}");
        ThrowUnless(Convolutions is >= 1 and <= 16, nameof(Convolutions), $"must be 1 to 16, not {Convolutions}");
        // Null only if a file says so, or says nothing: the generated reader then sets null.
        ThrowUnless(Classes is not null && Classes.All(name => name is not null), nameof(Classes), $"must be names");
        ThrowUnless(Classes.Count >= 2, nameof(Classes), $"must be at least two, not {Classes.Count}");
    }

    private IEnumerable<FeatureLayer> Stage(int stage)
    {
        int outputs = Width << stage, inputs = stage == 0 ? Channels : outputs / 2;
        if (stage > 0)
            yield return new FeatureLayer
            {
                Kind = FeatureLayerKind.AveragePool,
                Inputs = inputs,
                Outputs = inputs,
                Kernel = 2,
                Stride = 2,
            };
        for (int i = 1; i <= Convolutions; i++)
        {
            yield return new FeatureLayer
            {
                Inputs = i == 1 ? inputs : outputs,
                Outputs = outputs,
                Padding = 1,
                Relu = true,
                IsStage = i == Convolutions,
            };
        }
    }
}
