namespace Tessera.Quantization;

/// <summary>How the decoder's gradient gets to the encoder past the choice of a code, which has none.</summary>
public enum GradientEstimator
{
    /// <summary>As if nothing had been chosen: dz = dq (van den Oord et al. 2017, section 3.2).</summary>
    StraightThrough,

    /// <summary>Turned and scaled as the vector was when its code took its place (Fifty et al. 2024, the rotation trick).</summary>
    Rotation,
}
