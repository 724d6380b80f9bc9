using static Tessera.InputException;

namespace Tessera.Priors;

/// <summary>The sizes of a <see cref="CodePrior"/>.</summary>
public sealed record CodePriorOptions
{
    /// <summary>The codes of the tokenizer, K: 2 to 1,048,576.</summary>
    public int Codes { get; init; } = 512;

    /// <summary>Rows of codes of an image, at least 1.</summary>
    public int Rows { get; init; } = 8;

    /// <summary>Columns of codes of an image, at least 1.</summary>
    public int Columns { get; init; } = 8;

    /// <summary>Codes of a cell, at least 1: a cell's codes follow each other in a sequence.</summary>
    // 0 only if a file of a former version lacks it.
    public int CodesPerCell { get; init => field = value == 0 ? 1 : value; } = 1;

    /// <summary>The names of the classes that images can be drawn of; empty for a prior without classes.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Numbers that a position carries from block to block: a multiple of the heads, 8 to 8192.</summary>
    public int Width { get; init; } = 128;

    /// <summary>Blocks, 1 to 64.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Attention heads of a block, at least 1.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>
    /// The probability that a number is dropped after the embedding and at the end of each branch, in [0, 1).
    /// </summary>
    public float Dropout { get; init; }

    /// <summary>Codes of an image: the length of its sequence.</summary>
    public int Length => Cells * CodesPerCell;

    /// <summary>Cells of an image.</summary>
    public int Cells => Rows * Columns;

    /// <summary>The most numbers of one position in one tensor: logits, or the inner numbers of a block.</summary>
    internal int WidestRow => Math.Max(Codes, PriorBlock.Expansion * Width);

    /// <summary>The first input of a sequence of an unknown class ("any").</summary>
    public int AnyClass => Codes + Classes.Count;

    /// <summary>The first input of a sequence.</summary>
    /// <param name="label">An index into <see cref="Classes"/>; null for any.</param>
    public int FirstInput(int? label) => label is { } number ? Codes + number : AnyClass;

    /// <summary>The index of a class; null for a null name.</summary>
    /// <exception cref="InputException">There is no such class; the message lists the names.</exception>
    public int? FindClass(string? name)
    {
        if (name is null) return null;
        if (Classes.Count == 0)
            throw new InputException("the prior was trained without classes; leave the class out") { Option = "Class" };
        int index = Classes.ToList().IndexOf(name);
        return index >= 0
            ? index
            : throw new InputException($"there is no class \"{name}\"; the classes are {string.Join(", ", Classes)}")
            { Option = "Class" };
    }

    /// <summary>The same sizes and class names.</summary>
    public bool Equals(CodePriorOptions? other) =>
        other is not null && Classes.SequenceEqual(other.Classes)
        && (Codes, Rows, Columns, CodesPerCell, Width) == (
            other.Codes, other.Rows, other.Columns, other.CodesPerCell, other.Width)
        && (Layers, Heads, Dropout) == (other.Layers, other.Heads, other.Dropout);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(
            HashCode.Combine(Codes, Rows, Columns, CodesPerCell), Classes.Count, Width, Layers, Heads, Dropout);

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        ThrowUnless(Codes is >= 2 and <= 1 << 20, nameof(Codes), $"must be 2 to {1 << 20}, not {Codes}");
        ThrowUnless(Rows >= 1, nameof(Rows), $"must be at least 1, not {Rows}");
        ThrowUnless(Columns >= 1, nameof(Columns), $"must be at least 1, not {Columns}");
        ThrowUnless(
            CodesPerCell is >= 1 and <= 64, nameof(CodesPerCell), $"must be 1 to 64, not {CodesPerCell}");
        ThrowUnless(
            (long)Rows * Columns * CodesPerCell <= 1 << 16,
            nameof(Columns), $"must give at most 65536 codes with {Rows} rows");
        // Null only if a file says so.
        ThrowUnless(Classes is not null && Classes.All(name => name is not null), nameof(Classes), $"must be names");
        ThrowUnless(Width is >= 8 and <= 8192, nameof(Width), $"must be 8 to 8192, not {Width}");
        ThrowUnless(
            (AnyClass + 1L) * Width <= int.MaxValue / 2, nameof(Width),
            $"must be smaller with {Codes} codes: the table of inputs would have over 2^30 numbers");
        ThrowUnless(Layers is >= 1 and <= 64, nameof(Layers), $"must be 1 to 64, not {Layers}");
        ThrowUnless(Heads >= 1 && Width % Heads == 0, nameof(Heads), $"must divide the width {Width}, unlike {Heads}");
        ThrowUnless(Dropout is >= 0 and < 1, nameof(Dropout), $"must be at least 0 and below 1, not {Dropout}");
    }
}
