namespace Tessera.Tensors.Devices;

/// <summary>
/// The constants of the Newton-Schulz iteration (<see cref="Device.Orthogonalize"/>): from <c>X = G / |G|</c>,
/// <c>X := aX + b(X X^T)X + c(X X^T)^2 X</c>, which moves the singular values of X towards 1 and keeps its singular
/// vectors.
/// </summary>
internal static class NewtonSchulz
{
    /// <summary>
    /// The lower bound for |G|, as in PyTorch's Muon: a gradient of mere rounding errors must not become a step of full
    /// size.
    /// </summary>
    public const float SmallestNorm = 1e-7f;

    /// <summary>The number of iterations.</summary>
    public const int Iterations = 5;

    /// <summary>The polynomial's coefficients: it is steep at 0 rather than exact at 1.</summary>
    public const float A = 3.4445f, B = -4.7750f, C = 2.0315f;
}
