namespace Tessera.Quantization;

/// <summary>How the running averages of an <see cref="EmaVectorQuantizer"/> start.</summary>
public enum EmaStart
{
    /// <summary>
    /// As in the seed: sizes 0 beside sums that are standard normal and have nothing to do with the codebook. The first
    /// update divides the sums of unused codes by almost nothing and flings them 100,000 times too far away, so that one
    /// code serves everything until the averages have recovered.
    /// </summary>
    Seed,

    /// <summary>
    /// As if each code had been chosen once, by a vector equal to it: sizes 1, sums equal to the codebook. Unused codes
    /// stay where they are.
    /// </summary>
    Codebook,
}
