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
