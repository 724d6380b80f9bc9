using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Kernels;

/// <summary>An <see cref="Epilogue"/> as kernels see it; an empty view is none.</summary>
internal readonly record struct DeviceEpilogue(
    Floats Bias, Floats Addend, int Activation, Floats Gate, Floats Argument)
{
    private const int Relu = (int)Tensors.Devices.Activation.Relu, Gelu = (int)Tensors.Devices.Activation.Gelu;

    /// <summary>Finishes an element and stores it.</summary>
    public void Store(Floats y, int index, int channel, float z)
    {
        if (Bias.Length > 0) z += Bias[channel];
        if (Addend.Length > 0) z += Addend[index];
        if (Argument.Length > 0) Argument[index] = z;
        y[index] = Gate.Length > 0 ? Gated(z, Gate[index]) : Activate(z);
    }

    private float Activate(float z) =>
        Activation == Relu ? Numerics.Relu(z) : Activation == Gelu ? Numerics.Gelu(z) : z;

    // Not a factor of 1 or 0: ILGPU 1.5.3 makes the bits of the integer 1 of a truth value that becomes a float32.
    private float Gated(float z, float gate) =>
        Activation == Relu ? (gate > 0 ? z : 0) : Activation == Gelu ? z * Numerics.GeluSlope(gate) : z;
}
