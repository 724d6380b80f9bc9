using Tessera.Features;
using Tessera.Onnx;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>Reads the feature network that the options of a new run name.</summary>
internal static class FeatureSource
{
    /// <summary>The network; null without a perceptual term.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public static FeatureNetwork? Read(LossOptions loss) => loss switch
    {
        { Perceptual: 0 } => null,
        { Features: { } path } when
            Path.GetExtension(path).Equals(OnnxFeatures.Extension, StringComparison.OrdinalIgnoreCase) =>
            OnnxFeatures.Read(path),
        _ => FeatureFile.Read(loss.Features!),
    };
}
