namespace Tessera.Tensors.Devices;

/// <summary>
/// The computation on each element of a convolution's result before it is stored, in the same pass over memory. With
/// <c>z = convolution + bias + addend</c> it is <c>f(z)</c>, f the activation; with a gate, as in the backward pass of
/// an activation, it is z times the slope of f there: for a ReLU 0 where the gate, the ReLU's result, is not above 0;
/// for a GELU <c>z f'(gate)</c>, the gate being the GELU's argument.
/// </summary>
/// <param name="Bias">One number per channel of the result; null for none.</param>
/// <param name="Addend">
/// A tensor of the result's shape; null for none. It may be the destination, to accumulate.
/// </param>
/// <param name="Activation">The activation.</param>
/// <param name="Gate">A tensor of the result's shape; null for none.</param>
/// <param name="Argument">Receives z, of the result's shape; null for none. Only with a GELU and no gate.</param>
public readonly record struct Epilogue(
    Storage<float>? Bias = null, Storage<float>? Addend = null, Activation Activation = Activation.None,
    Storage<float>? Gate = null, Storage<float>? Argument = null);
