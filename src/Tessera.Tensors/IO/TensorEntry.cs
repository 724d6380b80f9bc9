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
