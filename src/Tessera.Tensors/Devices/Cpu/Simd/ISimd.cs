namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// The operations on a vector of floats that the kernels need, so that each kernel is written once for all widths. A
/// method compiles to one instruction if the processor has it, else to the framework's loop: every width runs on every
/// machine.
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
    /// Stores past the caches, without fetching the line first. The address must be a multiple of the vector's size,
    /// and the whole cache line should be written at once. Other threads see the store reliably only after a memory
    /// barrier.
    /// </summary>
    static abstract void StoreStreaming(TVector vector, float* destination);

    static abstract TVector Broadcast(float value);
    static abstract TVector Add(TVector a, TVector b);
    static abstract TVector Subtract(TVector a, TVector b);
    static abstract TVector Multiply(TVector a, TVector b);
    static abstract TVector Divide(TVector a, TVector b);
    static abstract TVector SquareRoot(TVector a);

    /// <summary><c>a * b + c</c>, fused if the processor can.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>The larger of a and b; with NaN, either of them.</summary>
    static abstract TVector Max(TVector a, TVector b);

    /// <summary>The nearest whole number; of two, the even one.</summary>
    static abstract TVector Round(TVector a);

    /// <summary>
    /// <c>a * 2^n</c> for whole numbers n, where a and the result are normal numbers; else any value, but NaN stays
    /// NaN if n is NaN too.
    /// </summary>
    static abstract TVector ScaleByPowerOfTwo(TVector a, TVector n);

    /// <summary><c>max(a, 0)</c>; NaN stays NaN.</summary>
    static abstract TVector Relu(TVector a);

    /// <summary>The value where the condition is above 0, else 0.</summary>
    static abstract TVector WherePositive(TVector condition, TVector value);

    /// <summary>One value where a is greater than b, the other elsewhere. Comparisons with NaN are false.</summary>
    static abstract TVector WhereGreater(TVector a, TVector b, TVector greater, TVector other);

    /// <summary>The sum of the elements.</summary>
    static abstract float Sum(TVector a);
}
