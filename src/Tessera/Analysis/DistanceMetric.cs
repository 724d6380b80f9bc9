namespace Tessera.Analysis;

/// <summary>The distance between two rows.</summary>
public enum DistanceMetric
{
    /// <summary><c>|x - y|</c>, at least 0.</summary>
    Euclidean,

    /// <summary>
    /// <c>1 - x . y / (|x| |y|)</c>, 0 to 2. A row of zeros has distance 0 to other rows of zeros and 1 to all others.
    /// </summary>
    Cosine,
}
