using Tessera.Quantization;

namespace Tessera.Tests.Quantization;

/// <summary>The seed's two quantizers, told apart as the seed does.</summary>
internal static class QuantizerOf
{
    /// <summary>A codebook of running averages; for a decay of 0, one trained by gradients.</summary>
    public static QuantizerOptions Decay(double decay) =>
        decay > 0 ? new EmaVectorQuantizerOptions { Decay = decay } : new VectorQuantizerOptions();
}
