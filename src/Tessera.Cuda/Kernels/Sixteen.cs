namespace Tessera.Cuda.Kernels;

/// <summary>
/// Up to 16 values among a kernel's arguments, such as the tensors that one launch works on: a launch costs more than
/// most tensors' work. (An array would have to be uploaded.)
/// </summary>
internal readonly record struct Sixteen<T>(Four<T> A, Four<T> B, Four<T> C, Four<T> D) where T : struct
{
    /// <summary>The most values.</summary>
    public const int Count = 4 * Four<T>.Count;

    /// <summary>One of the values.</summary>
    public T this[int index]
    {
        get
        {
            int four = index / Four<T>.Count, inFour = index % Four<T>.Count;
            return four == 0 ? A[inFour] : four == 1 ? B[inFour] : four == 2 ? C[inFour] : D[inFour];
        }
    }

    /// <summary>Some values, and one in the place of those that are missing.</summary>
    public static Sixteen<T> Of(IReadOnlyList<T> values, T missing)
    {
        return new Sixteen<T>(FourFrom(0), FourFrom(4), FourFrom(8), FourFrom(12));

        Four<T> FourFrom(int first) => new(At(first), At(first + 1), At(first + 2), At(first + 3));

        T At(int index) => index < values.Count ? values[index] : missing;
    }
}

/// <summary>Four values.</summary>
internal readonly record struct Four<T>(T A, T B, T C, T D) where T : struct
{
    /// <summary>The number of values.</summary>
    public const int Count = 4;

    /// <summary>One of the values.</summary>
    public T this[int index] => index == 0 ? A : index == 1 ? B : index == 2 ? C : D;
}
