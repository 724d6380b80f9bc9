namespace Tessera.Priors;

/// <summary>A position that was drawn in each of some samples. The memory is valid during the call only.</summary>
/// <param name="First">The first of the samples.</param>
/// <param name="Position">The position.</param>
/// <param name="Codes">The code of each sample, drawn or given.</param>
/// <param name="Logits">
/// The prior's logits with the class, <c>[samples, codes]</c>, before guidance and temperature.
/// </param>
internal readonly record struct DrawnPosition(
    int First, int Position, ReadOnlyMemory<int> Codes, ReadOnlyMemory<float> Logits);
