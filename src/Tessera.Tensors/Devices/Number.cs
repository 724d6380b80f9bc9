namespace Tessera.Tensors.Devices;

/// <summary>
/// A float32 number that a primitive reads when it runs: a constant, or a place in an <see cref="UpdateBlock"/>. A
/// number that changes from update to update must be in a block: a device that has recorded an update replays its
/// constants.
/// </summary>
public readonly record struct Number
{
    private Number(float constant, UpdateBlock? block, int place) =>
        (Constant, Block, Place) = (constant, block, place);

    /// <summary>The value, if there is no block.</summary>
    public float Constant { get; }

    /// <summary>The block that holds the number; null for a constant.</summary>
    public UpdateBlock? Block { get; }

    /// <summary>The place in the block's storage, in elements; the bits there are those of a float32.</summary>
    public int Place { get; }

    /// <summary>A constant.</summary>
    public static implicit operator Number(float constant) => new(constant, block: null, place: 0);

    /// <summary>A number in a block.</summary>
    internal static Number In(UpdateBlock block, int place) => new(0, block, place);
}
