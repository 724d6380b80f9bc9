namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// What the kernels need of a vector of floats, so that each is written once for every width. The methods compile to
/// one instruction where the processor has it, and to a loop of the framework's elsewhere: every width runs everywhere.
/// </summary>
internal unsafe interface ISimd<TVector> where TVector : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Width { get; }

    /// <summary>Whether the processor has this width in hardware.</summary>
    static abstract bool IsAccelerated { get; }

    static abstract TVector Load(float* source);
    static abstract void Store(TVector vector, float* destination);

    /// <summary>
    /// Stores past the caches, without fetching first what is written over. The address is a multiple of the vector's size,
    /// and its cache line should be filled at once. Other threads may see it late; a memory barrier ends that.
    /// </summary>
    static abstract void StoreStreaming(TVector vector, float* destination);

    static abstract TVector Broadcast(float value);
    static abstract TVector Add(TVector a, TVector b);
    static abstract TVector Subtract(TVector a, TVector b);
    static abstract TVector Multiply(TVector a, TVector b);
    static abstract TVector Divide(TVector a, TVector b);
    static abstract TVector SquareRoot(TVector a);

    /// <summary><c>a * b + c</c>, fused where the processor can.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary><c>max(a, 0)</c>; NaN stays NaN.</summary>
    static abstract TVector Relu(TVector a);

    /// <summary>The value where the condition is above 0, else 0.</summary>
    static abstract TVector WherePositive(TVector condition, TVector value);

    /// <summary>One value where a is greater than b, the other elsewhere; nothing is greater than NaN, nor NaN than anything.</summary>
    static abstract TVector WhereGreater(TVector a, TVector b, TVector greater, TVector other);

    /// <summary>The sum of the elements.</summary>
    static abstract float Sum(TVector a);
}
