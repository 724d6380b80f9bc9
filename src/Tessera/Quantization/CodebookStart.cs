namespace Tessera.Quantization;

/// <summary>Where a codebook starts.</summary>
public enum CodebookStart
{
    /// <summary>At the quantizer's own random vectors.</summary>
    Random,

    /// <summary>At the centres that k-means finds among the vectors of the first batches (<see cref="KMeans"/>).</summary>
    KMeans,
}
