using ILGPU;
using ILGPU.IR.Intrinsics;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// A factor's part of a product on tensor cores, spread over the lanes of a warp: 32 outer indices by 8 words of the
/// depth. With g = lane / 4 and t = lane % 4, X and Z of the first four are the words t and t + 4 of the outer index
/// g, Y and W those of g + 8; the second four belong to the outer indices 16 higher. A word is a TF32 number or two
/// bfloat16 numbers. (What the PTX manual calls fragments A and B of m16n8, of two and of four tiles.)
/// </summary>
internal readonly record struct Fragments(Float4 First, Float4 Second);

/// <summary>
/// 32 x 32 elements of a product, spread over the lanes of a warp as 2 x 4 tiles of 16 x 8: of each tile a lane has
/// rows g (X, Y) and g + 8 (Z, W), columns 2t and 2t + 1.
/// </summary>
internal readonly record struct Block(
    Float4 Tile00, Float4 Tile01, Float4 Tile02, Float4 Tile03,
    Float4 Tile10, Float4 Tile11, Float4 Tile12, Float4 Tile13)
{
    /// <summary>The sum of two blocks.</summary>
    public Block Add(Block other) => new(
        Tile00.Add(1, other.Tile00), Tile01.Add(1, other.Tile01), Tile02.Add(1, other.Tile02),
        Tile03.Add(1, other.Tile03), Tile10.Add(1, other.Tile10), Tile11.Add(1, other.Tile11),
        Tile12.Add(1, other.Tile12), Tile13.Add(1, other.Tile13));
}

/// <summary>
/// The instructions of tensor cores and of copies to shared memory that C# has no words for. The bodies are their
/// emulation, which ILGPU's simulation runs; on a GPU, <see cref="TensorCorePtx"/> writes the instruction instead.
/// </summary>
internal static class TensorCores
{
    /// <summary>
    /// Copies four neighbouring numbers from the GPU's memory to shared memory, or zeros in their place, while the
    /// program goes on (<c>cp.async</c>); <see cref="CommitCopies"/> closes a stage of them. Both lie at multiples of
    /// 16 bytes.
    /// </summary>
    /// <param name="to">Shared memory.</param>
    /// <param name="from">The GPU's memory; it must exist, even if it is not read.</param>
    /// <param name="bytes">16, or 0 for zeros.</param>
    [IntrinsicImplementation]
    public static void CopyFour(ref Float4 to, ref Float4 from, int bytes) => to = bytes > 0 ? from : default;

    /// <summary>Copies one number as <see cref="CopyFour"/> does four; bytes are 4 or 0.</summary>
    [IntrinsicImplementation]
    public static void CopyOne(ref float to, ref float from, int bytes) => to = bytes > 0 ? from : 0;

    /// <summary>Closes a stage of copies.</summary>
    [IntrinsicImplementation]
    public static void CommitCopies()
    {
    }

    /// <summary>Waits until at most so many stages of this thread's copies are under way: 0, 1 or 2.</summary>
    [IntrinsicImplementation]
    public static void WaitForCopies(int stages)
    {
    }

    /// <summary>
    /// Half of a factor's <see cref="Fragments"/>, 16 outer indices, from shared memory where neighbours are words of
    /// the depth (<c>ldmatrix</c>).
    /// </summary>
    /// <param name="row">
    /// Of each lane, four words: lanes 0 to 15 have the first four of the outer indices, lanes 16 to 31 the next.
    /// </param>
    [IntrinsicImplementation]
    public static Float4 LoadSixteen(ref Float4 row)
    {
        int from = Warp.LaneIdx / 4, word = Warp.LaneIdx % 4;
        Float4 own = row;
        return new Float4(
            Word(Warp.Shuffle(own, from), word), Word(Warp.Shuffle(own, from + 8), word),
            Word(Warp.Shuffle(own, from + 16), word), Word(Warp.Shuffle(own, from + 24), word));
    }

    /// <summary>The nearest TF32 number (8 bits of exponent, 10 of mantissa), ties away from zero.</summary>
    [IntrinsicImplementation]
    public static float ToTf32(float x)
    {
        uint bits = Interop.FloatAsInt(x);
        return float.IsFinite(x) ? Interop.IntAsFloat((bits + 0x1000) & 0xFFFF_E000) : x;
    }

    /// <summary>The nearest bfloat16 numbers, ties to even, in one word: the first in its lower half.</summary>
    [IntrinsicImplementation]
    public static float ToBfloat16(float lower, float upper) =>
        Interop.IntAsFloat(Bfloat16(lower) >> 16 | Bfloat16(upper));

    /// <summary><c>sum + left right^T</c> of words in TF32 (<c>mma.m16n8k8</c>, 8 of them).</summary>
    [IntrinsicImplementation]
    public static Block MultiplyTf32(Block sum, Fragments left, Fragments right) =>
        Emulate<Tf32Words>(sum, left, right);

    /// <summary><c>sum + left right^T</c> of words of two bfloat16 (<c>mma.m16n8k16</c>, 8 of them).</summary>
    [IntrinsicImplementation]
    public static Block MultiplyBfloat16(Block sum, Fragments left, Fragments right) =>
        Emulate<Bfloat16Words>(sum, left, right);

    private static float Word(Float4 words, int word) =>
        word == 0 ? words.X : word == 1 ? words.Y : word == 2 ? words.Z : words.W;

    private static uint Bfloat16(float x)
    {
        uint bits = Interop.FloatAsInt(x);
        if (float.IsNaN(x)) return 0x7FFF_0000;
        return (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000;
    }

    private static Block Emulate<TWords>(Block sum, Fragments left, Fragments right) where TWords : struct, IWords
    {
        int lane = Warp.LaneIdx, rows = lane / 4 * 4, columns = lane % 4 * 8;
        for (int word = 0; word < 4; word++)
        {
            Fragments a = Warp.Shuffle(left, rows + word);
            Fragments even = Warp.Shuffle(right, columns + word), odd = Warp.Shuffle(right, columns + 4 + word);
            sum = new Block(
                First(sum.Tile00, a.First, even.First, odd.First), Second(sum.Tile01, a.First, even.First, odd.First),
                First(sum.Tile02, a.First, even.Second, odd.Second),
                Second(sum.Tile03, a.First, even.Second, odd.Second),
                First(sum.Tile10, a.Second, even.First, odd.First),
                Second(sum.Tile11, a.Second, even.First, odd.First),
                First(sum.Tile12, a.Second, even.Second, odd.Second),
                Second(sum.Tile13, a.Second, even.Second, odd.Second));
        }
        return sum;

        static Float4 First(Float4 c, Float4 a, Float4 even, Float4 odd) =>
            Add(c, a, even.X, even.Z, odd.X, odd.Z);

        static Float4 Second(Float4 c, Float4 a, Float4 even, Float4 odd) =>
            Add(c, a, even.Y, even.W, odd.Y, odd.W);

        static Float4 Add(Float4 c, Float4 a, float even, float evenNext, float odd, float oddNext) => new(
            c.X + TWords.Multiply(a.X, even) + TWords.Multiply(a.Z, evenNext),
            c.Y + TWords.Multiply(a.X, odd) + TWords.Multiply(a.Z, oddNext),
            c.Z + TWords.Multiply(a.Y, even) + TWords.Multiply(a.W, evenNext),
            c.W + TWords.Multiply(a.Y, odd) + TWords.Multiply(a.W, oddNext));
    }

    /// <summary>How the words of an emulation are multiplied.</summary>
    private interface IWords
    {
        static abstract float Multiply(float left, float right);
    }

    private readonly struct Tf32Words : IWords
    {
        // The tensor cores do not see the last 13 bits.
        public static float Multiply(float left, float right) => Cut(left) * Cut(right);

        private static float Cut(float x) => Interop.IntAsFloat(Interop.FloatAsInt(x) & 0xFFFF_E000);
    }

    private readonly struct Bfloat16Words : IWords
    {
        public static float Multiply(float left, float right) =>
            Lower(left) * Lower(right) + Upper(left) * Upper(right);

        private static float Lower(float word) => Interop.IntAsFloat(Interop.FloatAsInt(word) << 16);

        private static float Upper(float word) => Interop.IntAsFloat(Interop.FloatAsInt(word) & 0xFFFF_0000);
    }
}
