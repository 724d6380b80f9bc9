namespace Tessera.Quantization;

/// <summary>The initialization of a codebook.</summary>
public enum CodebookStart
{
    /// <summary>The quantizer's own random vectors.</summary>
    Random,

    /// <summary>
    /// The k-means centres of the vectors of the first batches (<see cref="KMeans"/>), of at most 16,384 codes.
    /// </summary>
    KMeans,
}
