namespace Tessera.Tensors.Devices;

/// <summary>
/// The numbers of Newton and Schulz's iteration (<see cref="Device.Orthogonalize"/>): from <c>X = G / |G|</c>,
/// <c>X := aX + b(X X^T)X + c(X X^T)^2 X</c>, which moves the singular values of X towards 1 and leaves its singular vectors.
/// </summary>
internal static class NewtonSchulz
{
    /// <summary>
    /// What |G| is taken for where it is less, as in PyTorch's Muon: a gradient of nothing but rounding is not blown up to a
    /// step of full size.
    /// </summary>
    public const float SmallestNorm = 1e-7f;

    /// <summary>Steps of the iteration.</summary>
    public const int Iterations = 5;

    /// <summary>The polynomial's coefficients, which are steep at 0 rather than exact at 1.</summary>
    public const float A = 3.4445f, B = -4.7750f, C = 2.0315f;
}
