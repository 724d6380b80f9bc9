using Tessera.Quantization;
using Tessera.Tensors;

namespace Tessera.Tests.Quantization;

/// <summary>Selects one of the reference notebook's two quantizers by the decay, as it does.</summary>
internal static class QuantizerOf
{
    /// <summary>Running averages for a positive decay, otherwise a codebook trained by gradients.</summary>
    public static QuantizerOptions Decay(double decay) =>
        decay > 0 ? new EmaVectorQuantizerOptions { Decay = decay } : new VectorQuantizerOptions();

    /// <summary>The tensor in which a quantizer keeps its codes.</summary>
    public static Tensor Table(this Quantizer quantizer) =>
        quantizer.State().Single(entry => entry.Name.EndsWith("_embedding.weight", StringComparison.Ordinal)).Tensor;

    /// <summary>The codes as the decoder receives them, row by row.</summary>
    public static float[] CodebookValues(this Quantizer quantizer)
    {
        using Tensor codebook = quantizer.CopyCodebook();
        return codebook.ToArray();
    }
}
