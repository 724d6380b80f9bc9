namespace Tessera.Quantization;

/// <summary>The initialization of the running averages of an <see cref="EmaVectorQuantizer"/>.</summary>
public enum EmaStart
{
    /// <summary>
    /// As in the seed: sizes 0, and standard normal sums that are unrelated to the codebook. The first update divides
    /// the sums of unused codes by almost zero, which moves these codes about 100,000 times too far away. A few codes
    /// then serve all vectors until the averages recover.
    /// </summary>
    Seed,

    /// <summary>
    /// As if each code had been chosen by one vector equal to it: sizes 1, sums equal to the codebook. Unused codes
    /// stay where they are.
    /// </summary>
    Codebook,
}
