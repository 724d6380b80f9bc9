namespace Tessera.Tensors.IO;

/// <summary>A named float tensor in a file.</summary>
/// <param name="Name">The name, unique in the file; PyTorch's names if the file is shared with PyTorch.</param>
/// <param name="Shape">The dimensions, outermost first, each at least 0; empty for a scalar.</param>
/// <param name="Values">As many values as the product of <paramref name="Shape"/>, in row-major order.</param>
public sealed record TensorEntry(string Name, int[] Shape, ReadOnlyMemory<float> Values)
{
    /// <summary>Whether a safetensors file stores the values as F16, rounded, in half the space.</summary>
    public bool IsHalf { get; init; }
}

/// <summary>A named tensor of 32-bit integers, read from a file.</summary>
/// <param name="Name">The name, unique in the file.</param>
/// <param name="Shape">The dimensions, outermost first, each at least 0; empty for a scalar.</param>
/// <param name="Values">As many values as the product of <paramref name="Shape"/>, in row-major order.</param>
public sealed record IntTensorEntry(string Name, int[] Shape, ReadOnlyMemory<int> Values);

internal static class TensorEntries
{
    /// <summary>
    /// The product of the dimensions; null if one is negative or an array cannot hold as many elements.
    /// </summary>
    public static int? CountElements(ReadOnlySpan<int> shape)
    {
        long count = 1;
        foreach (int dimension in shape)
        {
            if (dimension < 0) return null;
            count *= dimension;
            if (count > Array.MaxLength) return null;
        }
        return (int)count;
    }

    /// <summary>Checks that a file can hold the tensors.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="reserved">A name that no tensor may have.</param>
    /// <exception cref="ArgumentException">
    /// Two tensors have the same name, a tensor has the reserved name, or a shape does not fit its values.
    /// </exception>
    public static void Check(IReadOnlyList<TensorEntry> tensors, string? reserved = null)
    {
        var names = new HashSet<string?>(StringComparer.Ordinal) { reserved };
        foreach (TensorEntry tensor in tensors)
        {
            if (!names.Add(tensor.Name))
                throw new ArgumentException($"the name '{tensor.Name}' is taken", nameof(tensors));
            if (CountElements(tensor.Shape) != tensor.Values.Length)
                throw new ArgumentException(
                    $"'{tensor.Name}' has {tensor.Values.Length} values, which do not fit its shape",
                    nameof(tensors));
        }
    }
}
