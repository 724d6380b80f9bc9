namespace Tessera.Tensors.Devices;

/// <summary>
/// Newton and Schulz's iteration in the quintic form of Jordan et al. 2024 ("Muon: An optimizer for hidden layers"): from
/// <c>X = G / |G|</c>, |G| the root of the sum of squares, five times <c>X := aX + b(X X^T)X + c(X X^T)^2 X</c>. It moves the
/// singular values of X towards 1, to 0.7 to 1.2, and leaves its singular vectors, so that of
/// <c>G = U S V^T</c> about <c>U V^T</c> is left: the nearest matrix with orthonormal rows (or, if it is tall, columns).
/// </summary>
internal static class NewtonSchulz
{
    /// <summary>
    /// What |G| is taken for where it is less, as in PyTorch's Muon: a gradient of nothing but rounding is not blown up to a
    /// step of full size.
    /// </summary>
    public const float SmallestNorm = 1e-7f;

    /// <summary>How often.</summary>
    public const int Iterations = 5;

    /// <summary>The polynomial's coefficients, which are steep at 0 rather than exact at 1.</summary>
    public const float A = 3.4445f, B = -4.7750f, C = 2.0315f;
}
