namespace Tessera.Tensors.Devices;

/// <summary>
/// The sizes of a group normalisation of maps <c>[Batch, Pixels, Channels]</c>: the channels of a map are cut into
/// <see cref="Groups"/> runs of neighbours, and all numbers of a run in one map are normalised together.
/// </summary>
/// <param name="Batch">Maps.</param>
/// <param name="Pixels">Pixels of a map, at least 1.</param>
/// <param name="Channels">Channels of a pixel.</param>
/// <param name="Groups">Groups, a divisor of the channels.</param>
public readonly record struct GroupNormGeometry(int Batch, int Pixels, int Channels, int Groups)
{
    /// <summary>Channels of a group.</summary>
    public int GroupWidth => Channels / Groups;

    /// <summary>Numbers that are normalised together.</summary>
    public int GroupLength => Pixels * GroupWidth;
}
