namespace Tessera.Tensors.Devices;

/// <summary>One side of the gradient of a squared error (<see cref="Device.SquaredErrorGradients"/>).</summary>
/// <param name="Gradient">Receives the gradient; null if this side needs none, but not for both.</param>
/// <param name="Weight">The weight of the error term that moves this side.</param>
/// <param name="Accumulate">Whether to add to the gradient.</param>
public readonly record struct SquaredErrorSide(Storage<float>? Gradient, float Weight, bool Accumulate);
