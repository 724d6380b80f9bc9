namespace Tessera.Cuda;

/// <summary>How products of matrices are computed. Sums are in float32 in each.</summary>
internal enum ProductKind
{
    /// <summary>In float32 without tensor cores: on cards that have no TF32.</summary>
    Fma,

    /// <summary>In float32 by three products of TF32.</summary>
    ThreeTf32,

    /// <summary>In TF32.</summary>
    Tf32,

    /// <summary>In bfloat16.</summary>
    Bfloat16,
}

/// <summary>How exact each kind of product is.</summary>
internal static class ProductKinds
{
    /// <summary>
    /// The largest error of a sum of products of two rows, as a part of the product of their lengths.
    /// </summary>
    /// <param name="products">How they are computed.</param>
    /// <param name="terms">The products of a sum.</param>
    public static float Error(this ProductKind products, int terms)
    {
        // Two factors are rounded to so many bits; tensor cores cut the sums of float32 off.
        int bits = products switch
        {
            ProductKind.Tf32 => 11,
            ProductKind.Bfloat16 => 8,
            ProductKind.ThreeTf32 => 22,
            _ => 24,
        };
        return 2 * MathF.ScaleB(1, -bits) + terms * MathF.ScaleB(1, -23);
    }
}
