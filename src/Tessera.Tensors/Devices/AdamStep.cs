namespace Tessera.Tensors.Devices;

/// <summary>
/// The numbers of one step of Adam (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov and Hutter
/// 2019, algorithm 2), as PyTorch orders the arithmetic:
/// <c>m = beta1*m + (1-beta1)*g</c>, <c>v = beta2*v + (1-beta2)*g^2</c>,
/// <c>p = ParameterDecay * p - StepSize * m / (sqrt(v) / SecondCorrection + epsilon)</c>.
/// </summary>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="FirstRest">
/// <c>1 - beta1</c>, computed in double precision: 1 - 0.999f has a relative error of 1.3e-5.
/// </param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="SecondRest"><c>1 - beta2</c>, likewise.</param>
/// <param name="Epsilon">Keeps the quotient finite.</param>
/// <param name="StepSize">The learning rate divided by <c>1 - beta1^t</c>.</param>
/// <param name="SecondCorrection"><c>sqrt(1 - beta2^t)</c>.</param>
/// <param name="ParameterDecay"><c>1 - learning rate * weight decay</c>: 1 without weight decay.</param>
public readonly record struct AdamStep(
    float Beta1, float FirstRest, float Beta2, float SecondRest, float Epsilon,
    Number StepSize, Number SecondCorrection, Number ParameterDecay);
