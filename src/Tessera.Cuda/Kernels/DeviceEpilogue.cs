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
        y[index] = Gate.Length > 0 ? z * Slope(Gate[index]) : Activate(z);
    }

    private float Activate(float z) =>
        Activation == Relu ? Numerics.Relu(z) : Activation == Gelu ? Numerics.Gelu(z) : z;

    private float Slope(float gate) =>
        Activation == Relu ? gate > 0 ? 1 : 0 : Activation == Gelu ? Numerics.GeluSlope(gate) : 1;
}
