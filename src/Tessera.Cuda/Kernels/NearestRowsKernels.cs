using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Nearest rows of a table, in two launches. The first computes scores <c>|e|^2 - 2 x . e</c> by <see cref="Tiles"/>:
/// 2 operations for each pair of rows and column. The second goes through a row's scores, a warp a row, and computes
/// those that may be the smallest again in double precision: the result does not depend on the precision of the
/// products. Bound: writing and reading the scores.
/// </summary>
internal static class NearestRowsKernels
{
    // Of |e|^2, 8 units in the last place.
    private const float ScoreRounding = 1e-6f;

    /// <summary>Stores scores.</summary>
    internal readonly record struct Scores(Floats Of, Floats Squares) : IProductResult
    {
        public void Store(int row, int column, float value) =>
            Of[row * Squares.IntLength + column] = Squares[column] - 2 * value;
    }

    /// <summary>Finds the smallest score of each row.</summary>
    /// <param name="X">The rows <c>[rows, columns]</c>.</param>
    /// <param name="Table">The table <c>[table rows, columns]</c>.</param>
    /// <param name="Columns">The columns.</param>
    /// <param name="Squares">|e|^2 of the table's rows.</param>
    /// <param name="Of">The scores.</param>
    /// <param name="Error">The largest error of <c>x . e</c> as a part of |x| |e|.</param>
    /// <param name="Nearest">The results.</param>
    internal readonly record struct Choose(
        Floats X, Floats Table, int Columns, Floats Squares, Floats Of, float Error, Integers Nearest) : IWarpKernel
    {
        private int Count => Squares.IntLength;

        public void Run(int item, int lane)
        {
            float least = float.PositiveInfinity, longest = 0;
            for (int i = lane; i < Count; i += Warps.Lanes)
            {
                float score = Of[item * Count + i];
                if (score < least) least = score;
                if (Squares[i] > longest) longest = Squares[i];
            }
            least = -Warps.Max(-least);
            float square = 0;
            for (int i = lane; i < Columns; i += Warps.Lanes) square += X[item * Columns + i] * X[item * Columns + i];
            // An error of each of two scores, twice that of a product, and what rounding adds to the scores.
            float most = Warps.Max(longest), length = MathF.Sqrt(Warps.Sum(square) * most);
            float limit = least + 4 * Error * length + ScoreRounding * most;
            double best = double.PositiveInfinity;
            int nearest = Count;
            for (int i = lane; i < Count; i += Warps.Lanes)
            {
                double score = Of[item * Count + i] <= limit ? Score(item, i) : double.PositiveInfinity;
                if (score < best) (best, nearest) = (score, i);
            }
            for (int distance = Warps.Lanes / 2; distance > 0; distance /= 2)
            {
                double score = Warp.ShuffleXor(best, distance);
                int other = Warp.ShuffleXor(nearest, distance);
                if (score < best || (score == best && other < nearest)) (best, nearest) = (score, other);
            }
            // A row that is no number is near to nothing.
            if (lane == 0) Nearest[item] = nearest == Count ? 0 : nearest;
        }

        private double Score(int item, int row)
        {
            double score = 0;
            for (int i = 0; i < Columns; i++)
            {
                double e = Table[row * Columns + i];
                score += e * (e - 2.0 * X[item * Columns + i]);
            }
            return score;
        }
    }
}
