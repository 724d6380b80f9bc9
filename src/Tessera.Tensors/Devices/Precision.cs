namespace Tessera.Tensors.Devices;

/// <summary>
/// How a device multiplies in convolutions and other products of matrices. Parameters, activations, sums and statistics
/// are in float32 in each. The processor multiplies in float32.
/// </summary>
public enum Precision
{
    /// <summary>
    /// What is usual on the device: TF32 (10 bits of mantissa) on a GPU that has it, as PyTorch does for convolutions;
    /// else float32.
    /// </summary>
    Auto,

    /// <summary>Float32.</summary>
#pragma warning disable CA1720 // The number format's usual name.
    Float32,
#pragma warning restore CA1720

    /// <summary>Bfloat16 (7 bits of mantissa).</summary>
    Bfloat16,
}
