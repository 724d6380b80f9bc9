namespace Tessera.Tensors.Devices;

/// <summary>A function of each element of a convolution's result; see <see cref="Epilogue"/>.</summary>
public enum Activation
{
    /// <summary>The identity.</summary>
    None,

    /// <summary><c>max(x, 0)</c>; NaN stays NaN.</summary>
    Relu,

    /// <summary>The Gaussian error linear unit in the tanh form; see <see cref="Device.Gelu"/>.</summary>
    Gelu,
}
