using System.Runtime.CompilerServices;

namespace Tessera.Tensors;

/// <summary>
/// The sizes of a tensor, outermost first: a batch of images is <c>[batch, height, width, channels]</c>. Rank 0 (a
/// scalar) to 4.
/// </summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>
{
    /// <summary>The largest rank.</summary>
    public const int MaxRank = 4;

    private readonly Sizes _sizes;

    // One less than the length, so that default(Shape) is the scalar.
    private readonly int _elementsPastFirst;

    /// <summary>Creates a shape.</summary>
    /// <param name="sizes">Zero to four sizes, each at least 1.</param>
    /// <exception cref="ArgumentException">
    /// There are more than four sizes, a size below 1, or more than 2^31 - 1 elements.
    /// </exception>
    public Shape(params ReadOnlySpan<int> sizes)
    {
        if (sizes.Length > MaxRank)
            throw new ArgumentException($"a shape has at most {MaxRank} sizes, not {sizes.Length}", nameof(sizes));
        long length = 1;
        for (int i = 0; i < sizes.Length; i++)
        {
            length *= sizes[i];
            if (sizes[i] < 1 || length > int.MaxValue)
                throw new ArgumentException(
                    $"[{string.Join(", ", sizes.ToArray())}] is not a shape: "
                    + "sizes are at least 1 and their product is below 2^31",
                    nameof(sizes));
            _sizes[i] = sizes[i];
        }
        Rank = sizes.Length;
        _elementsPastFirst = (int)length - 1;
    }

    /// <summary>The number of sizes: 0 for a scalar.</summary>
    public int Rank { get; }

    /// <summary>The number of elements, the product of the sizes (1 for a scalar).</summary>
    public int Length => _elementsPastFirst + 1;

    /// <summary>The innermost size: the channels of a batch of images, the length of each row of a table.</summary>
    public int Last => Rank == 0 ? 1 : _sizes[Rank - 1];

    /// <summary>The number of innermost rows: <c>Length / Last</c>.</summary>
    public int Rows => Length / Last;

    /// <summary>One size; a negative index counts from the innermost.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such size.</exception>
    public int this[int axis]
    {
        get
        {
            int i = axis < 0 ? axis + Rank : axis;
            ArgumentOutOfRangeException.ThrowIfNegative(i, nameof(axis));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(i, Rank, nameof(axis));
            return _sizes[i];
        }
    }

    /// <summary>Supports collection expressions: <c>Shape s = [2, 3];</c>.</summary>
    public static Shape Create(ReadOnlySpan<int> sizes) => new(sizes);

    /// <summary>Enumerates the sizes, outermost first.</summary>
    public IEnumerator<int> GetEnumerator()
    {
        for (int i = 0; i < Rank; i++) yield return _sizes[i];
    }

    /// <summary>The sizes as an array.</summary>
    public int[] ToArray()
    {
        int[] sizes = new int[Rank];
        for (int i = 0; i < Rank; i++) sizes[i] = _sizes[i];
        return sizes;
    }

    /// <summary>Same rank and same sizes.</summary>
    public bool Equals(Shape other)
    {
        if (Rank != other.Rank) return false;
        for (int i = 0; i < Rank; i++)
        {
            if (_sizes[i] != other._sizes[i]) return false;
        }
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Rank, _sizes[0], _sizes[1], _sizes[2], _sizes[3]);

    /// <summary>Same rank and same sizes.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Different rank or sizes.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>The sizes in brackets: <c>[256, 32, 32, 3]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", ToArray())}]";

    /// <summary>The shape without its innermost size: of one number per row.</summary>
    internal Shape WithoutLast() => new(ToArray().AsSpan(0, Math.Max(Rank - 1, 0)));

    /// <summary>The shape of a row of this size for each element.</summary>
    /// <exception cref="ArgumentException">The rank would be over four.</exception>
    internal Shape WithRows(int columns) => new([.. ToArray(), columns]);

    /// <exception cref="ArgumentException">The length is not the number of elements.</exception>
    internal void ThrowIfNotLength(int length, string parameter)
    {
        if (length != Length)
            throw new ArgumentException(
                $"{length} values do not fit the shape {this}, which has {Length} elements", parameter);
    }

    [InlineArray(MaxRank)]
    private struct Sizes
    {
        private int _first;
    }
}
