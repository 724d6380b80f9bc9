namespace Tessera.Tensors.IO;

/// <summary>A named float tensor as it goes into a file or comes out of one.</summary>
/// <param name="Name">Its name, unique in its file; PyTorch's names where the file is shared with PyTorch.</param>
/// <param name="Shape">The dimensions, outermost first, each 0 or more; empty for a scalar.</param>
/// <param name="Values">As many values as the product of <paramref name="Shape"/>, in row-major order.</param>
public sealed record TensorEntry(string Name, int[] Shape, ReadOnlyMemory<float> Values);

/// <summary>A named tensor of 32-bit integers as it comes out of a file.</summary>
/// <param name="Name">Its name, unique in its file.</param>
/// <param name="Shape">The dimensions, outermost first, each 0 or more; empty for a scalar.</param>
/// <param name="Values">As many values as the product of <paramref name="Shape"/>, in row-major order.</param>
public sealed record IntTensorEntry(string Name, int[] Shape, ReadOnlyMemory<int> Values);

internal static class TensorEntries
{
    /// <summary>The product of the dimensions; null where one is negative or an array could not hold as many.</summary>
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
    /// <param name="reserved">A name that none may have.</param>
    /// <exception cref="ArgumentException">Two have one name, or a shape does not fit its values.</exception>
    public static void Check(IReadOnlyList<TensorEntry> tensors, string? reserved = null)
    {
        var names = new HashSet<string?>(StringComparer.Ordinal) { reserved };
        foreach (TensorEntry tensor in tensors)
        {
            if (!names.Add(tensor.Name))
                throw new ArgumentException($"The name '{tensor.Name}' is taken.", nameof(tensors));
            if (CountElements(tensor.Shape) != tensor.Values.Length)
                throw new ArgumentException(
                    $"'{tensor.Name}' has {tensor.Values.Length} values and a shape for another number.",
                    nameof(tensors));
        }
    }
}
