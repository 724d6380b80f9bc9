namespace Tessera.Tensors.Devices;

/// <summary>
/// What becomes of each element of a convolution's result before it is stored, in the same pass over memory:
/// <c>y = f(convolution + bias + addend)</c>. f is the identity, <c>max(., 0)</c> with <see cref="Relu"/>, or, with a
/// <see cref="Gate"/>, 0 where the gate's element is not above 0: the gradient of the ReLU whose result the gate is.
/// </summary>
/// <param name="Bias">A number for each channel of the result; null for none.</param>
/// <param name="Addend">A tensor of the result's shape; null for none. The destination itself, to add to it.</param>
/// <param name="Gate">A tensor of the result's shape; null for none. Not together with Relu.</param>
/// <param name="Relu">Whether negative results become 0; NaN stays NaN.</param>
public readonly record struct Epilogue(
    Storage? Bias = null, Storage? Addend = null, Storage? Gate = null, bool Relu = false);
