namespace Tessera.Quantization;

/// <summary>How the decoder's gradient passes the choice of a code, which has no gradient, to the encoder.</summary>
public enum GradientEstimator
{
    /// <summary>The straight-through estimator: dz = dq (van den Oord et al. 2017, section 3.2).</summary>
    StraightThrough,

    /// <summary>
    /// The rotation trick (Fifty et al. 2024): the gradient passes through the rotation and scaling that maps z to its
    /// code.
    /// </summary>
    Rotation,
}
