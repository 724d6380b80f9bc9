using Tessera.Quantization;

namespace Tessera.Tests.Quantization;

/// <summary>Selects one of the reference notebook's two quantizers by the decay, as it does.</summary>
internal static class QuantizerOf
{
    /// <summary>Running averages for a positive decay, otherwise a codebook trained by gradients.</summary>
    public static QuantizerOptions Decay(double decay) =>
        decay > 0 ? new EmaVectorQuantizerOptions { Decay = decay } : new VectorQuantizerOptions();
}
