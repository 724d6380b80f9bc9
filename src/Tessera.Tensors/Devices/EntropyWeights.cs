namespace Tessera.Tensors.Devices;

/// <summary>How entropies are added up; see <see cref="Device.RowEntropy"/>.</summary>
/// <param name="Row">The weight of the mean of the rows' entropies.</param>
/// <param name="Mean">The weight of the entropy of the rows' mean.</param>
public readonly record struct EntropyWeights(float Row, float Mean);
