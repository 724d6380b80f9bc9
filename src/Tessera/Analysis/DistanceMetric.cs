namespace Tessera.Analysis;

/// <summary>How far two rows are from each other.</summary>
public enum DistanceMetric
{
    /// <summary><c>|x - y|</c>, 0 and up.</summary>
    Euclidean,

    /// <summary>
    /// <c>1 - x . y / (|x| |y|)</c>, 0 to 2; a row of zeros is at 1 from every row but its like, at 0.
    /// </summary>
    Cosine,
}
