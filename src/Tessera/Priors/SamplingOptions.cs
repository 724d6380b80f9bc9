using static Tessera.InputException;

namespace Tessera.Priors;

/// <summary>How codes are drawn from the distribution of a prior.</summary>
public sealed record SamplingOptions
{
    /// <summary>The options of the program's commands, for images of a class.</summary>
    public static SamplingOptions Default { get; } = new() { Guidance = 1 };

    /// <summary>
    /// The strength s of classifier-free guidance, at least 0: the logits are <c>u + (1 + s)(c - u)</c>, c with the
    /// class and u without (Ho and Salimans 2022, equation 6). 0 draws from the prior itself.
    /// </summary>
    public float Guidance { get; init; }

    /// <summary>What logits are divided by, above 0: below 1 likely codes become more likely.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>
    /// Codes are drawn from the fewest that have at least this probability together, above 0 and at most 1 (nucleus
    /// sampling; Holtzman et al. 2020); 1 for all.
    /// </summary>
    public float TopP { get; init; } = 1;

    /// <summary>Codes are drawn from this many of the most likely, at least 0; 0 for all (Fan et al. 2018).</summary>
    public int TopK { get; init; }

    /// <summary>The seed. A sample depends on the seed and its number alone.</summary>
    public ulong Seed { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        ThrowUnless(
            Guidance >= 0 && float.IsFinite(Guidance), nameof(Guidance), $"must be at least 0, not {Guidance}");
        ThrowUnless(
            Temperature > 0 && float.IsFinite(Temperature), nameof(Temperature),
            $"must be a number above 0, not {Temperature}");
        ThrowUnless(TopP is > 0 and <= 1, nameof(TopP), $"must be above 0 and at most 1, not {TopP}");
        ThrowUnless(TopK >= 0, nameof(TopK), $"must be at least 0, not {TopK}");
    }
}
