namespace Tessera.Tensors.Devices;

/// <summary>
/// Which elements a dropout sets to 0: element i where number First + i of the stream <c>Stream + Update[0]</c> of
/// <see cref="Random.CounterRandom"/> is below the rate.
/// </summary>
/// <param name="Rate">The probability that an element is dropped, in [0, 1).</param>
/// <param name="Seed">The seed of the random numbers.</param>
/// <param name="Stream">The stream of update 0.</param>
/// <param name="Update">The update's number, one integer on the device.</param>
/// <param name="First">The place of the first element, where a tensor is a part of a batch.</param>
public readonly record struct DropoutMask(float Rate, ulong Seed, ulong Stream, Storage<int> Update, long First = 0);
