namespace Tessera.Tensors.Devices;

/// <summary>
/// Random numbers that change from update to update: from number First on those of the stream
/// <c>Stream + Update[0]</c> of <see cref="Random.CounterRandom"/>.
/// </summary>
/// <param name="Seed">The seed.</param>
/// <param name="Stream">The stream of update 0.</param>
/// <param name="Update">The update's number, one integer on the device.</param>
/// <param name="First">The place of the first number, where a tensor is a part of a batch.</param>
public readonly record struct NoiseSource(ulong Seed, ulong Stream, Storage<int> Update, long First = 0);
