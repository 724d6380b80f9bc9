namespace Tessera.Tensors.Devices;

/// <summary>
/// The computation on each element of a convolution's result before it is stored, in the same pass over memory:
/// <c>y = f(convolution + bias + addend)</c>. f is <c>max(., 0)</c> with <see cref="Relu"/>; with a <see cref="Gate"/>
/// it is 0 where the gate's element is not above 0 (the backward pass of the ReLU whose result is the gate); else it is
/// the identity.
/// </summary>
/// <param name="Bias">One number per channel of the result; null for none.</param>
/// <param name="Addend">
/// A tensor of the result's shape; null for none. It may be the destination, to accumulate.
/// </param>
/// <param name="Gate">A tensor of the result's shape; null for none. Not together with Relu.</param>
/// <param name="Relu">Whether negative results become 0; NaN stays NaN.</param>
public readonly record struct Epilogue(
    Storage<float>? Bias = null, Storage<float>? Addend = null, Storage<float>? Gate = null, bool Relu = false);
