using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>The options of a <see cref="FiniteScalarQuantizer"/>.</summary>
public sealed record FiniteScalarQuantizerOptions : QuantizerOptions
{
    internal const string KindName = "fsq";

    // The largest number of levels that is chosen; the paper finds at least 5 to work best.
    private const int MostLevels = 8;

    /// <summary>
    /// The levels of each dimension, each 2 to 64; their product is the number of codes. Empty for the fewest
    /// dimensions of at most 8 levels each, and the most levels in the smallest one: 512 codes are 8, 8, 8.
    /// </summary>
    public IReadOnlyList<int> Levels { get; init; } = [];

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override string Summary => Levels.Count == 0
        ? "rounded numbers (FSQ)"
        : $"numbers rounded to {string.Join(", ", Levels)} levels (FSQ)";

    internal override bool HasTable => false;

    /// <inheritdoc/>
    public override int? DimensionsFor(int codes) => LevelsFor(codes).Count;

    /// <summary>The levels of each dimension for a number of codes.</summary>
    /// <exception cref="InputException">There are no such levels.</exception>
    public IReadOnlyList<int> LevelsFor(int codes)
    {
        if (Levels.Count > 0)
        {
            long product = Levels.Aggregate(1L, (all, count) => Math.Min(all * count, int.MaxValue));
            ThrowUnless(
                product == codes,
                nameof(Levels), $"must multiply to the {codes} codes; {string.Join(", ", Levels)} give {product}");
            return Levels;
        }
        for (int dimensions = 1; dimensions <= 20; dimensions++)
        {
            if (Factors(codes, dimensions, MostLevels).MaxBy(levels => levels[^1]) is { } best) return best;
        }
        throw new InputException(
            $"{codes} codes are no product of numbers from 2 to {MostLevels}: choose another number, such as a power "
            + "of two, or name the levels")
        { Option = nameof(Levels) };
    }

    /// <summary>As many as the 24 bits of a float32 number can tell apart.</summary>
    internal override int MostLevelsFor(int codes) => (int)(24 / Math.Log2(LevelsFor(codes).Max()));

    /// <inheritdoc/>
    public override Quantizer Create(int codes, int codeDim, Initializer initializer, int level = 0) =>
        new FiniteScalarQuantizer(codes, this, initializer, level);

    /// <inheritdoc/>
    public override void Validate()
    {
        // Null only if a config.json says so.
        ThrowUnless(
            Levels is { Count: <= 20 } && Levels.All(count => count is >= 2 and <= 64),
            nameof(Levels), $"must be at most 20 numbers from 2 to 64, such as 8,8,8");
    }

    /// <summary>The same levels.</summary>
    public bool Equals(FiniteScalarQuantizerOptions? other) => other is not null && Levels.SequenceEqual(other.Levels);

    /// <inheritdoc/>
    public override int GetHashCode() => Levels.Aggregate(0, HashCode.Combine);

    /// <summary>The ways to write a number as so many factors, each in descending order.</summary>
    private static IEnumerable<List<int>> Factors(int number, int count, int most)
    {
        if (count == 0)
        {
            if (number == 1) yield return [];
            yield break;
        }
        for (int factor = most; factor >= 2; factor--)
        {
            if (number % factor != 0) continue;
            foreach (List<int> rest in Factors(number / factor, count - 1, factor)) yield return [factor, .. rest];
        }
    }
}

/// <summary>
/// FSQ, finite scalar quantization (Mentzer, Minnen, Agustsson, Tschannen, "Finite Scalar Quantization: VQ-VAE Made
/// Simple", 2023): each dimension is bounded and rounded to one of a few levels; a code is the number with the levels
/// as its digits, the first dimension's the lowest. There is no codebook and no loss.
/// </summary>
/// <remarks>
/// With L levels of a dimension, <c>h = (L - 1) (1 - 1e-3) / 2</c>, and <c>o</c> = 1/2 for an even L, else 0:
/// <c>f(z) = h tanh(z + artanh(o / h)) - o</c>, <c>e = round(f(z)) / floor(L / 2)</c> (section 3.1;
/// the half step makes room for an even number of levels; with two levels the artanh is left out). Gradients pass
/// through the rounding. At level i of a residual quantizer the levels divide one step of the level before, without
/// another tanh; float32 has room for 24 bits of them.
/// </remarks>
public sealed class FiniteScalarQuantizer : LevelQuantizer
{
    private const double Margin = 1e-3;

    private readonly Tensor? _bounds;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="codes">Codes: the product of the levels.</param>
    /// <param name="options">The quantizer's options.</param>
    /// <param name="initializer">Names the device.</param>
    /// <param name="level">The level in a residual quantizer, from 0.</param>
    /// <exception cref="InputException">The levels do not multiply to the number of codes.</exception>
    public FiniteScalarQuantizer(
        int codes, FiniteScalarQuantizerOptions options, Initializer initializer, int level = 0)
        : base(codes, Grid(options.LevelsFor(codes), level), initializer)
    {
        if (level > 0) return;
        IReadOnlyList<int> levels = options.LevelsFor(codes);
        float[] bounds = new float[3 * levels.Count];
        for (int c = 0; c < levels.Count; c++)
        {
            double half = (levels[c] - 1) * (1 - Margin) / 2;
            double offset = levels[c] % 2 == 0 ? 0.5 : 0;
            int step = levels[c] / 2;
            bounds[c] = (float)(half / step);
            // Two levels lie on both sides of 0; the artanh has no value there.
            bounds[levels.Count + c] = levels[c] == 2 ? 0 : (float)Math.Atanh(offset / half);
            bounds[2 * levels.Count + c] = (float)(offset / step);
        }
        _bounds = Workspace(initializer.Zeros([3, levels.Count]));
        _bounds.CopyFrom(bounds);
    }

    /// <inheritdoc/>
    protected internal override Tensor ToLatents(Tensor z) => _bounds is null ? z : z.SquashColumns(_bounds);

    /// <inheritdoc/>
    protected override Tensor Loss(Tensor u, Tensor e, bool training) => NoLoss(u);

    private static float[] Grid(IReadOnlyList<int> levels, int level)
    {
        float[] grid = new float[3 * levels.Count];
        for (int c = 0; c < levels.Count; c++)
        {
            int half = levels[c] / 2;
            grid[c] = levels[c];
            grid[levels.Count + c] = half * MathF.Pow(levels[c], level);
            grid[2 * levels.Count + c] = level == 0 ? half : (levels[c] - 1) / 2f;
        }
        return grid;
    }
}
