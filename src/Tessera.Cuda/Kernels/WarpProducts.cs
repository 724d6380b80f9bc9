namespace Tessera.Cuda.Kernels;

/// <summary>How a warp multiplies on tensor cores. Sums are in float32 in each.</summary>
internal interface IWarpProduct
{
    /// <summary>
    /// <c>sum + left right^T</c> over 16 steps, as the factors lie in shared memory: steps 0 to 7 in the first, 8 to 15
    /// in the second.
    /// </summary>
    static abstract Block Multiply(Block sum, Fragments left0, Fragments left1, Fragments right0, Fragments right1);
}

/// <summary>In TF32: 10 bits of mantissa, a relative error of 2^-11 of each factor.</summary>
internal readonly struct Tf32 : IWarpProduct
{
    public static Block Multiply(Block sum, Fragments left0, Fragments left1, Fragments right0, Fragments right1)
    {
        sum = TensorCores.MultiplyTf32(sum, Round(left0), Round(right0));
        return TensorCores.MultiplyTf32(sum, Round(left1), Round(right1));
    }

    /// <summary>The nearest TF32 numbers.</summary>
    public static Fragments Round(Fragments x) => new(Round(x.First), Round(x.Second));

    private static Float4 Round(Float4 x) => new(
        TensorCores.ToTf32(x.X), TensorCores.ToTf32(x.Y), TensorCores.ToTf32(x.Z), TensorCores.ToTf32(x.W));
}

/// <summary>
/// In float32, nearly: each factor is the sum of two TF32 numbers, of whose four products the smallest is left out
/// (error 2^-22 of the product).
/// </summary>
internal readonly struct ThreeTf32 : IWarpProduct
{
    // Tensor cores cut their sums off rather than round them: a sum over many steps is added outside.
    public static Block Multiply(Block sum, Fragments left0, Fragments left1, Fragments right0, Fragments right1) =>
        sum.Add(Multiply(Multiply(default, left0, right0), left1, right1));

    private static Block Multiply(Block sum, Fragments left, Fragments right)
    {
        Fragments leftHigh = Tf32.Round(left), rightHigh = Tf32.Round(right);
        // The small products first: they would be lost beside a large sum otherwise.
        sum = TensorCores.MultiplyTf32(sum, Rest(left, leftHigh), rightHigh);
        sum = TensorCores.MultiplyTf32(sum, leftHigh, Rest(right, rightHigh));
        return TensorCores.MultiplyTf32(sum, leftHigh, rightHigh);
    }

    private static Fragments Rest(Fragments x, Fragments high) =>
        Tf32.Round(new Fragments(Rest(x.First, high.First), Rest(x.Second, high.Second)));

    private static Float4 Rest(Float4 x, Float4 high) =>
        new(x.X - high.X, x.Y - high.Y, x.Z - high.Z, x.W - high.W);
}

/// <summary>
/// In bfloat16: 7 bits of mantissa, a relative error of 2^-8 of each factor. A word holds the steps t and t + 4, in the
/// same order for both factors: the order of the terms does not matter to a sum.
/// </summary>
internal readonly struct Bfloat16 : IWarpProduct
{
    public static Block Multiply(Block sum, Fragments left0, Fragments left1, Fragments right0, Fragments right1) =>
        TensorCores.MultiplyBfloat16(sum, Pack(left0, left1), Pack(right0, right1));

    private static Fragments Pack(Fragments x0, Fragments x1) =>
        new(Pack(x0.First, x1.First), Pack(x0.Second, x1.Second));

    private static Float4 Pack(Float4 x0, Float4 x1) => new(
        TensorCores.ToBfloat16(x0.X, x0.Z), TensorCores.ToBfloat16(x0.Y, x0.W),
        TensorCores.ToBfloat16(x1.X, x1.Z), TensorCores.ToBfloat16(x1.Y, x1.W));
}
